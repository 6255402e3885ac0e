package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"
	goredis "github.com/redis/go-redis/v9"
	throttledv2 "github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/goredisstore.v9"
	"github.com/ulule/limiter/v3"
	ulule "github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
	tsync "github.com/throttled-go/throttled/sync"
)

// rate is so many in a period, and at once.
type rate struct {
	limit  int64
	period time.Duration
}

// By these all is allowed, or nearly nothing. The generous one is slow enough
// for buckets that are in use not to be forgotten as fresh between two calls.
var (
	generous = rate{1_000_000_000, 24 * time.Hour}
	mean     = rate{1, time.Hour}
)

// maker makes a decision by a rate.
type maker func(b *testing.B, r rate) decide

// ours returns the maker of a limiter of this library, by its first algorithm.
func ours(options redis.Options) maker {
	return func(b *testing.B, r rate) decide {
		limiter := newLimiter(b, throttled.Per(r.limit, r.period), options)
		return func(ctx context.Context, key string) (bool, error) {
			res, err := limiter.Limit(ctx, key)
			return res.Allowed, err
		}
	}
}

func newLimiter(b *testing.B, quota throttled.Quota, options redis.Options) *tsync.Limiter {
	b.Helper()
	limiter, err := tsync.New(throttled.Config{Quota: quota, Store: openStore(b, options)})
	if err != nil {
		b.Fatal(err)
	}
	return limiter
}

// increment counts by the client that redis.Open makes, and denies nothing.
func increment(b *testing.B) decide {
	client := openClient(b)
	return func(ctx context.Context, key string) (bool, error) {
		return true, client.Do(ctx, client.B().Incrby().Key(key).Increment(1).Build()).Error()
	}
}

// incrementByGoRedis counts by the client that the other limiters use.
func incrementByGoRedis(b *testing.B) decide {
	client := openGoRedis(b)
	return func(ctx context.Context, key string) (bool, error) {
		return true, client.IncrBy(ctx, key, 1).Err()
	}
}

func openGoRedis(b *testing.B) *goredis.Client {
	b.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: redistest.Shared(b).Addr()})
	b.Cleanup(func() {
		if err := client.Close(); err != nil {
			b.Error(err)
		}
	})
	return client
}

// redisRate is github.com/go-redis/redis_rate.
func redisRate(b *testing.B, r rate) decide {
	limiter := redis_rate.NewLimiter(openGoRedis(b))
	limit := redis_rate.Limit{Rate: int(r.limit), Burst: int(r.limit), Period: r.period}
	return func(ctx context.Context, key string) (bool, error) {
		res, err := limiter.Allow(ctx, key, limit)
		if err != nil {
			return false, err
		}
		return res.Allowed > 0, nil
	}
}

// ululeLimiter is github.com/ulule/limiter, which counts in fixed windows.
func ululeLimiter(b *testing.B, r rate) decide {
	store, err := ulule.NewStore(openGoRedis(b))
	if err != nil {
		b.Fatal(err)
	}
	instance := limiter.New(store, limiter.Rate{Limit: r.limit, Period: r.period})
	return func(ctx context.Context, key string) (bool, error) {
		state, err := instance.Get(ctx, key)
		return !state.Reached, err
	}
}

// throttledV2 is github.com/throttled/throttled. It reads, and then writes if
// nobody else has meanwhile; where several callers are at one key many of them
// give up with an error, after ten attempts.
func throttledV2(b *testing.B, r rate) decide {
	store, err := goredisstore.NewCtx(openGoRedis(b), "throttled.v2:")
	if err != nil {
		b.Fatal(err)
	}
	quota := throttledv2.RateQuota{MaxRate: throttledv2.PerDuration(int(r.limit), r.period), MaxBurst: int(r.limit) - 1}
	limiter, err := throttledv2.NewGCRARateLimiterCtx(store, quota)
	if err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, key string) (bool, error) {
		limited, _, err := limiter.RateLimitCtx(ctx, key, 1)
		return !limited, err
	}
}
