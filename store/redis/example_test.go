package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

// The snippets of docs/redis.md, and those of the README on Redis, stand here.

// example is the testing.TB of an Example, which has none.
type example struct {
	testing.TB
	cleanups []func()
}

func (*example) Helper()           {}
func (*example) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
func (*example) Error(args ...any) { panic(fmt.Sprint(args...)) }

func (e *example) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

func (e *example) end() {
	for _, f := range e.cleanups {
		f()
	}
}

// inRedis sets REDIS_URL and REDIS_ADDR to those of an empty server.
func inRedis() {
	e := &example{}
	s := redistest.Shared(e)
	s.Do(e, "FLUSHALL")
	os.Setenv("REDIS_URL", s.URL())
	os.Setenv("REDIS_ADDR", s.Addr())
}

func ExampleOpen() {
	inRedis()

	buckets, err := redis.Open(os.Getenv("REDIS_URL"), redis.Options{})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()

	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(100), Store: buckets})
	if err != nil {
		panic(err)
	}
	res, err := limiter.Limit(context.Background(), "user:42")
	fmt.Println(res.Allowed, res.Remaining(), err)
	// Output: true 99 <nil>
}

// An error about a URL never shows its password.
func ExampleOpen_invalid() {
	_, err := redis.Open("redis://limiter:pass/word@localhost", redis.Options{})
	fmt.Println(errors.Is(err, throttled.ErrInvalidConfig))
	fmt.Println(err)
	// Output:
	// true
	// throttled: invalid config: Redis URL: an @ stands behind the hosts: percent-encode it as %40, and in a user or a password / as %2F, ? as %3F, # as %23
}

// A program trusts the authority that signed the certificate of its Redis.
func ExampleOpen_tls() {
	e := &example{}
	defer e.end()
	server := redistest.Start(e, redistest.WithTLS())
	os.Setenv("REDIS_URL", server.URL())
	roots := server.TLSConfig().RootCAs

	buckets, err := redis.Open(os.Getenv("REDIS_URL"), redis.Options{
		Client: func(o *rueidis.ClientOption) { o.TLSConfig.RootCAs = roots },
	})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()
	fmt.Println(buckets.Kind())
	// Output: redis
}

func ExampleNew() {
	inRedis()

	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{os.Getenv("REDIS_ADDR")},
		AlwaysPipelining:  true, // else the deadline of one command may fail others on its connection
		DisableCache:      true, // nothing here is cached by the client
		ForceSingleClient: true, // for one server, which then is not asked for a cluster first
		ConnWriteTimeout:  time.Second,
		Dialer:            net.Dialer{Timeout: time.Second, KeepAlive: time.Second},
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	buckets, err := redis.New(client, redis.Options{Timeout: time.Second})
	if err != nil {
		panic(err)
	}
	defer buckets.Close() // leaves the client open
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(5), Store: buckets}))
	res, err := limiter.Limit(context.Background(), "user:42")
	fmt.Println(res.Allowed, res.Remaining(), err)
	// Output: true 4 <nil>
}

// Two stores stand for two processes here: they share what they limit.
func ExampleStore() {
	inRedis()
	ctx := context.Background()
	for range 2 {
		buckets := throttled.Must(redis.Open(os.Getenv("REDIS_URL"), redis.Options{}))
		defer buckets.Close()
		limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
		res, err := limiter.Limit(ctx, "report")
		fmt.Println(res.Allowed, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

func ExampleOptions() {
	inRedis()

	local := throttled.Must(store.NewMemory(store.Options{MaxSize: 100_000}))
	defer local.Close()
	buckets, err := redis.Open(os.Getenv("REDIS_URL"), redis.Options{
		OnFailure: redis.Fallback,
		Local:     local,
		Processes: 4, // each has a quarter of every quota meanwhile
		Breaker: redis.Breaker{
			OnChange: func(from, to redis.BreakerState) { fmt.Println("breaker:", from, "to", to) },
		},
	})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(100), Store: buckets}))
	res, err := limiter.Limit(context.Background(), "user:42")
	fmt.Println(res.Limit(), res.Remaining(), err) // Redis is there, so this is the whole quota
	// Output: 100 99 <nil>
}

// A flood at a key that is exhausted costs Redis nothing.
func ExampleOptions_denyCache() {
	inRedis()

	buckets, err := redis.Open(os.Getenv("REDIS_URL"), redis.Options{
		DenyCacheSize: 10_000,      // keys
		DenyCacheTime: time.Second, // at most, for each; 0 means one second
	})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
	passed := 0
	for range 1000 {
		if throttled.Must(limiter.Limit(context.Background(), "hot")).Allowed {
			passed++
		}
	}
	fmt.Println(passed)
	// Output: 1
}

// Nobody listens at port 1, so each choice shows what it means.
func ExampleFailure() {
	const nobody = "redis://127.0.0.1:1"
	ctx := context.Background()

	_, err := redis.Open(nobody, redis.Options{OnFailure: redis.Deny})
	fmt.Println("deny:", errors.Is(err, throttled.ErrStoreUnavailable))

	unchecked := throttled.Must(redis.Open(nobody, redis.Options{OnFailure: redis.Allow}))
	defer unchecked.Close()
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(100), Store: unchecked}))
	res, err := limiter.Limit(ctx, "user:42")
	fmt.Println("allow:", res.Allowed, res.Checked(), err)

	local := throttled.Must(store.NewMemory(store.Options{}))
	defer local.Close()
	shared := throttled.Must(redis.Open(nobody, redis.Options{OnFailure: redis.Fallback, Local: local, Processes: 4}))
	defer shared.Close()
	limiter = throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(100), Store: shared}))
	res, err = limiter.Limit(ctx, "user:42")
	fmt.Println("fallback:", res.Allowed, res.Limit(), err)
	// Output:
	// deny: true
	// allow: true false <nil>
	// fallback: true 25 <nil>
}

// Nobody listens at port 1, so the breaker opens after so many failures.
func ExampleBreaker() {
	buckets := throttled.Must(redis.Open("redis://127.0.0.1:1", redis.Options{
		OnFailure: redis.Allow,
		Breaker: redis.Breaker{
			Failures: 3,
			Cooldown: time.Minute,
			OnChange: func(from, to redis.BreakerState) { fmt.Println(from, "to", to) },
		},
	}))
	defer buckets.Close()
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
	for i := range 4 {
		res, err := limiter.Limit(context.Background(), "user:42")
		fmt.Println(i+1, res, err)
	}
	// Output:
	// 1 allowed, unchecked <nil>
	// 2 allowed, unchecked <nil>
	// closed to open
	// 3 allowed, unchecked <nil>
	// 4 allowed, unchecked <nil>
}

func ExampleBreakerState() {
	fmt.Println(redis.BreakerClosed, redis.BreakerOpen, redis.BreakerHalfOpen)
	// Output: closed open half-open
}
