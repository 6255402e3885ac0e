package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

// load is the keys that are asked for, one after the other.
type load struct {
	name  string
	keys  int
	draws []string // a power of two of them, walked round and round
}

func loads() []load {
	return []load{
		{"keys=1", 1, draw(1, uniform)},
		{"keys=1000/uniform", 1000, draw(1000, uniform)},
		{"keys=1000/zipf", 1000, draw(1000, zipf)},
		{"keys=100000/uniform", 100_000, draw(100_000, uniform)},
		{"keys=100000/zipf", 100_000, draw(100_000, zipf)},
	}
}

func uniform(random *rand.Rand, keys int) func() int {
	return func() int { return random.IntN(keys) }
}

func zipf(random *rand.Rand, keys int) func() int {
	z := rand.NewZipf(random, 1.1, 1, uint64(keys-1))
	return func() int { return int(z.Uint64()) }
}

func draw(keys int, distribution func(*rand.Rand, int) func() int) []string {
	names := make([]string, keys)
	for i := range names {
		names[i] = fmt.Sprintf("user:%d", i)
	}
	next := distribution(rand.New(rand.NewPCG(1, 2)), keys)
	draws := make([]string, 1<<18)
	for i := range draws {
		draws[i] = names[next()]
	}
	return draws
}

// run calls decide for the keys of l, on all processors.
func (l load) run(b *testing.B, decide func(key string)) {
	for _, key := range l.draws {
		decide(key) // everything that is ever asked for is there before the clock starts
	}
	b.ReportAllocs()
	b.ResetTimer()
	var begin int
	var mu sync.Mutex
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		begin += len(l.draws) / 3
		i := begin
		mu.Unlock()
		for pb.Next() {
			i++
			decide(l.draws[i&(len(l.draws)-1)])
		}
	})
}

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
	ctx := context.Background()
	return func(key string) {
		if _, err := limiter.Limit(ctx, key); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkDecision: one call at one key of so many.
func BenchmarkDecision(b *testing.B) {
	for _, l := range loads() {
		b.Run("mutex+map/"+l.name, func(b *testing.B) { l.run(b, lockedMap()) })
		b.Run("mutex+map+clock/"+l.name, func(b *testing.B) { l.run(b, lockedMapAndClock()) })
		b.Run("time-rate+map/allowed/"+l.name, func(b *testing.B) { l.run(b, rateMap(1e9, 1e9)) })
		b.Run("time-rate+map/denied/"+l.name, func(b *testing.B) { l.run(b, rateMap(1.0/3600, 1)) })
		for _, c := range cases {
			b.Run(c.name+"/"+l.name, func(b *testing.B) {
				l.run(b, limit(b, throttled.Config{Algorithm: c.algorithm, Quota: throttled.MustParseQuota(c.quota)}, max(1024, l.keys)))
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

// BenchmarkChurn: 100,000 keys come and go on 1,024 places.
func BenchmarkChurn(b *testing.B) {
	for _, l := range loads()[3:] {
		b.Run("mutex+map+clock/"+l.name, func(b *testing.B) { l.run(b, lockedMapAndClock()) })
		b.Run("token_bucket/"+l.name, func(b *testing.B) {
			l.run(b, limit(b, throttled.Config{Quota: throttled.PerHour(1)}, 1024))
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
