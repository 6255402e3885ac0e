package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
	tsync "github.com/throttled-go/throttled/sync"
)

// newLimiter returns a limiter on s whose buckets no other test has.
func newLimiter(t testing.TB, s throttled.Store, quota string) *tsync.Limiter {
	t.Helper()
	l, err := tsync.New(throttled.Config{Quota: throttled.MustParseQuota(quota), Store: s, Prefix: prefixOf(t)})
	require.NoError(t, err)
	return l
}

// prefixOf returns a prefix that is t's alone, even if t runs again on the same
// server.
func prefixOf(t testing.TB) string {
	run, _ := runs.LoadOrStore(t, lastRun.Add(1))
	return fmt.Sprintf("%s %d", strings.ReplaceAll(t.Name(), ":", "_"), run)
}

var (
	runs    sync.Map // the number of each test that ran
	lastRun atomic.Int64
)

func TestKind(t *testing.T) {
	assert.Equal(t, "redis", openStore(t, redistest.Shared(t).URL(), redis.Options{}).Kind())
}

func TestARequestWithoutAPlanIsRefused(t *testing.T) {
	s := openStore(t, redistest.Shared(t).URL(), redis.Options{})
	for _, plan := range []*throttled.Plan{nil, {}} {
		_, err := s.Do(t.Context(), throttled.Request{Plan: plan, Key: "k", Cost: 1})
		require.ErrorIs(t, err, throttled.ErrInvalidConfig)
		require.ErrorContains(t, err, "the request has no Plan")
	}
}

// TestRoundTrips counts the commands that Redis gets: one for each request, and
// one more for the first that needs a script.
func TestRoundTrips(t *testing.T) {
	server := redistest.Start(t)
	l := newLimiter(t, openStore(t, server.URL(), redis.Options{}), "1/h burst 5")
	ctx := t.Context()
	_, err := l.Limit(ctx, "k")
	require.NoError(t, err)
	_, err = l.Peek(ctx, "k")
	require.NoError(t, err)
	server.Do(t, "CONFIG", "RESETSTAT")
	for range 10 {
		_, err := l.Limit(ctx, "k")
		require.NoError(t, err)
		_, err = l.Peek(ctx, "k")
		require.NoError(t, err)
		_, err = l.Refund(ctx, "k", 1)
		require.NoError(t, err)
	}
	_, err = l.Wait(ctx, "other")
	require.NoError(t, err)
	assert.Equal(t, 31, commands(t, server, "evalsha"))
	assert.Zero(t, commands(t, server, "eval"))

	server.Do(t, "SCRIPT", "FLUSH")
	server.Do(t, "CONFIG", "RESETSTAT")
	for range 10 {
		_, err := l.Limit(ctx, "k")
		require.NoError(t, err)
	}
	assert.Equal(t, 1, commands(t, server, "eval"))
}

// commands returns how often a command was called.
func commands(t testing.TB, server *redistest.Server, name string) (n int) {
	t.Helper()
	stats := server.Do(t, "INFO", "commandstats").(string)
	for line := range strings.Lines(stats) {
		if of, ok := strings.CutPrefix(line, "cmdstat_"+name+":calls="); ok {
			_, err := fmt.Sscanf(of, "%d", &n)
			require.NoError(t, err)
		}
	}
	return n
}

// TestOneLine: those who wait at two stores, as in two processes, stand in one
// line at a key. First come, first served, and nobody before its turn.
func TestOneLine(t *testing.T) {
	server := redistest.Start(t)
	var limiters []*tsync.Limiter
	for range 2 {
		l := newLimiter(t, openStore(t, server.URL(), redis.Options{}), "10/s burst 1")
		_, err := l.Limit(t.Context(), "another key") // so that the script is there
		require.NoError(t, err)
		limiters = append(limiters, l)
	}
	server.Do(t, "CONFIG", "RESETSTAT")
	const waits = 8
	var mu sync.Mutex
	var order []int
	var all sync.WaitGroup
	began := time.Now()
	for i := range waits {
		all.Go(func() {
			_, err := limiters[i%2].Wait(t.Context(), "k")
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
		})
		awaitCommands(t, server, "evalsha", i+1)
	}
	all.Wait()
	assert.True(t, slices.IsSorted(order), "%v", order)
	assert.GreaterOrEqual(t, time.Since(began), (waits-1)*time.Second/10)
}

// awaitCommands waits until a command was called n times.
func awaitCommands(t testing.TB, server *redistest.Server, name string, n int) {
	t.Helper()
	for commands(t, server, name) < n {
		time.Sleep(time.Millisecond)
	}
}

// TestSleepersTakeNoSlot: more requests may wait for their turn than may be on
// their way.
func TestSleepersTakeNoSlot(t *testing.T) {
	s := openStore(t, redistest.Shared(t).URL(), redis.Options{Timeout: 10 * time.Second})
	plan, err := throttled.Config{Quota: throttled.MustParseQuota("1/h"), Prefix: prefixOf(t)}.Plan()
	require.NoError(t, err)
	const sleepers = 3000
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, sleepers)
	for range sleepers {
		s.Submit(ctx, throttled.Request{Plan: plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
			func(_ throttled.Result, err error) { errs <- err })
	}
	require.NoError(t, <-errs, "the first need not wait")
	for {
		res, err := s.Do(t.Context(), throttled.Request{Plan: plan, Key: "k", Op: throttled.OpPeek, Cost: 1})
		require.NoError(t, err)
		if res.ResetAfter() > (sleepers-1)*time.Hour {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	for range sleepers - 1 {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
}

func TestClose(t *testing.T) {
	url := redistest.Shared(t).URL()
	s := openStore(t, url, redis.Options{})
	l := newLimiter(t, s, "1/h burst 2")
	errs := make(chan error, 20)
	for range cap(errs) {
		go func() {
			_, err := l.Wait(context.Background(), "k")
			errs <- err
		}()
	}
	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	other := newLimiter(t, openStore(t, url, redis.Options{}), "1/h burst 2")
	for {
		state, err := other.Peek(t.Context(), "k")
		require.NoError(t, err)
		if state.ResetAfter > 19*time.Hour {
			break
		}
		time.Sleep(time.Millisecond)
	}

	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { assert.NoError(t, s.Close()) })
	}
	all.Wait()
	for range cap(errs) - 2 {
		require.ErrorIs(t, <-errs, throttled.ErrClosed)
	}
	_, err := l.Limit(t.Context(), "k")
	require.ErrorIs(t, err, throttled.ErrClosed)
	state, err := other.Peek(t.Context(), "k")
	require.NoError(t, err)
	assert.LessOrEqual(t, state.ResetAfter, 2*time.Hour, "all places were given back, the last first")
}

// TestNewKeepsTheClient: the client stays open and the user's, before and after
// Close.
func TestNewKeepsTheClient(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true, AlwaysPipelining: true,
	})
	require.NoError(t, err)
	defer client.Close()
	s, err := redis.New(client, redis.Options{})
	require.NoError(t, err)
	_, err = newLimiter(t, s, "1/h").Limit(t.Context(), "k")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, client.Do(t.Context(), client.B().Ping().Build()).Error())
}

// TestClosedClient: a store whose client was closed by its owner is not closed
// itself.
func TestClosedClient(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true,
	})
	require.NoError(t, err)
	s, err := redis.New(client, redis.Options{})
	require.NoError(t, err)
	client.Close()
	_, err = newLimiter(t, s, "1/h").Limit(t.Context(), "k")
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.ErrorIs(t, err, rueidis.ErrClosing)
	require.NotErrorIs(t, err, throttled.ErrClosed)
}

// TestGatheredAdmitsTheQuota: many callers ask at once, for one key and for
// several, and exactly the quota is admitted.
func TestGatheredAdmitsTheQuota(t *testing.T) {
	for name, url := range map[string]string{"one server": redistest.Shared(t).URL(), "cluster": redistest.SharedCluster(t).URL()} {
		t.Run(name, func(t *testing.T) {
			s := openStore(t, url, redis.Options{Timeout: 10 * time.Second})
			l := newLimiter(t, s, "100/w; 1000/w")
			var admitted [3]int
			var mu sync.Mutex
			var all sync.WaitGroup
			for i := range 600 {
				all.Go(func() {
					for range 3 {
						res, err := l.Limit(t.Context(), fmt.Sprintf("{%d}", i%3))
						assert.NoError(t, err)
						if res.Allowed {
							mu.Lock()
							admitted[i%3]++
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			assert.Equal(t, [3]int{100, 100, 100}, admitted)
		})
	}
}
