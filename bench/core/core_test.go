package core_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/bench/internal/load"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

// limit returns a decision of the blocking face over a memory store.
func limit(b *testing.B, cfg throttled.Config, places int) func(key string) {
	memory, err := store.NewMemory(store.Options{MaxSize: places})
	if err != nil {
		b.Fatal(err)
	}
	cfg.Store = memory
	limiter, err := tsync.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return limitUnder(context.Background(), b, limiter)
}

func limitUnder(ctx context.Context, b *testing.B, limiter *tsync.Limiter) func(key string) {
	return func(key string) {
		if _, err := limiter.Limit(ctx, key); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkDecision: one call at one key of so many.
func BenchmarkDecision(b *testing.B) {
	for _, l := range load.All() {
		b.Run("mutex+map/"+l.Name, func(b *testing.B) { l.Run(b, lockedMap()) })
		b.Run("mutex+map+clock/"+l.Name, func(b *testing.B) { l.Run(b, lockedMapAndClock()) })
		b.Run("time-rate+map/allowed/"+l.Name, func(b *testing.B) { l.Run(b, rateMap(1e9, 1e9)) })
		b.Run("time-rate+map/denied/"+l.Name, func(b *testing.B) { l.Run(b, rateMap(1.0/3600, 1)) })
		for _, c := range cases {
			b.Run(c.name+"/"+l.Name, func(b *testing.B) {
				l.Run(b, limit(b, throttled.Config{Algorithm: c.algorithm, Quota: throttled.MustParseQuota(c.quota)}, max(1024, l.Keys)))
			})
		}
	}
}

// cases are decided by rates that allow all, or nearly none.
var cases = []struct {
	name      string
	algorithm throttled.Algorithm
	quota     string
}{
	{"token_bucket/allowed", throttled.TokenBucket, "1000000000/s"},
	{"token_bucket/denied", throttled.TokenBucket, "1/h"},
	{"leaky_bucket/allowed", throttled.LeakyBucket, "1000000000/s"},
	{"gcra/denied", throttled.GCRA, "1/h"},
	{"fixed_window/allowed", throttled.FixedWindow, "1000000000/s"},
	{"fixed_window/denied", throttled.FixedWindow, "1/h"},
	{"sliding_window/allowed", throttled.SlidingWindow, "1000000000/s"},
	{"sliding_window/denied", throttled.SlidingWindow, "1/h"},
	{"two_rates/allowed", throttled.TokenBucket, "1000000000/s; 1000000000000/h"},
	{"two_rates/denied", throttled.TokenBucket, "1/h; 10/d"},
}

// BenchmarkContext: one call at one key under contexts that can end.
func BenchmarkContext(b *testing.B) {
	canceled, cancel := context.WithCancel(b.Context())
	defer cancel()
	bounded, cancel := context.WithTimeout(canceled, time.Hour)
	defer cancel()
	limiter := throttled.Must(tsync.New(throttled.Config{Quota: throttled.PerSecond(1e9), Store: throttled.Must(store.NewMemory(store.Options{}))}))
	for _, c := range []struct {
		name string
		ctx  context.Context
	}{{"endless", context.Background()}, {"cancel", canceled}, {"deadline", bounded}} {
		b.Run(c.name, func(b *testing.B) { load.All()[0].Run(b, limitUnder(c.ctx, b, limiter)) })
	}
}

// BenchmarkChurn: 100,000 keys come and go on 1,024 places.
func BenchmarkChurn(b *testing.B) {
	for _, l := range load.All()[3:] {
		b.Run("mutex+map+clock/"+l.Name, func(b *testing.B) { l.Run(b, lockedMapAndClock()) })
		b.Run("token_bucket/"+l.Name, func(b *testing.B) {
			l.Run(b, limit(b, throttled.Config{Quota: throttled.PerHour(1)}, 1024))
		})
	}
}

// lockedMap returns the least that counts by key under a lock.
func lockedMap() func(key string) {
	var mu sync.Mutex
	counts := map[string]int64{}
	return func(key string) {
		mu.Lock()
		counts[key]++
		mu.Unlock()
	}
}

// lockedMapAndClock is lockedMap and one reading of the monotonic clock.
func lockedMapAndClock() func(key string) {
	var mu sync.Mutex
	counts, epoch := map[string]int64{}, time.Now()
	return func(key string) {
		mu.Lock()
		counts[key] += int64(time.Since(epoch))
		mu.Unlock()
	}
}

// rateMap returns a decision of golang.org/x/time/rate, a limiter for each key
// in a map under a lock for readers and writers. Nothing is ever evicted.
func rateMap(perSecond rate.Limit, burst int) func(key string) {
	var mu sync.RWMutex
	limiters := map[string]*rate.Limiter{}
	return func(key string) {
		mu.RLock()
		l, ok := limiters[key]
		mu.RUnlock()
		if !ok {
			mu.Lock()
			if l, ok = limiters[key]; !ok {
				l = rate.NewLimiter(perSecond, burst)
				limiters[key] = l
			}
			mu.Unlock()
		}
		l.Allow()
	}
}
