package async_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// stores is the Actor, and the baseline: Memory under the same harness.
var stores = []struct {
	name string
	open func() throttled.Store
}{
	{"actor", func() throttled.Store { return throttled.Must(store.NewActor(store.Options{})) }},
	{"memory", func() throttled.Store { return throttled.Must(store.NewMemory(store.Options{})) }},
}

// plenty is a quota that allows all that a benchmark asks for.
var plenty = throttled.PerSecond(1_000_000_000)

// BenchmarkOne asks and waits for the answer, again and again. The baseline is
// sync/store=memory.
func BenchmarkOne(b *testing.B) {
	ctx := context.Background()
	for _, s := range stores {
		b.Run("sync/store="+s.name, func(b *testing.B) {
			shared := s.open()
			defer shared.Close()
			l := throttled.Must(sync.New(throttled.Config{Quota: plenty, Store: shared}))
			b.ReportAllocs()
			for b.Loop() {
				l.Limit(ctx, key)
			}
		})
		for _, w := range ways {
			b.Run(w.name+"/store="+s.name, func(b *testing.B) {
				shared := s.open()
				defer shared.Close()
				l := throttled.Must(async.New(throttled.Config{Quota: plenty, Store: shared}))
				b.ReportAllocs()
				w.keep(l, 1, b.Loop)
			})
		}
	}
}

// BenchmarkInFlight keeps a number of calls on their way, all goroutines
// together. The baseline is store=memory.
func BenchmarkInFlight(b *testing.B) {
	for _, w := range ways {
		for _, s := range stores {
			for _, goroutines := range []int{1, 64} {
				for _, inFlight := range []int{1, 8, 64, 1024} {
					if inFlight < goroutines {
						continue
					}
					name := fmt.Sprintf("%s/store=%s/goroutines=%d/inflight=%d", w.name, s.name, goroutines, inFlight)
					b.Run(name, func(b *testing.B) {
						shared := s.open()
						defer shared.Close()
						l := throttled.Must(async.New(throttled.Config{Quota: plenty, Store: shared}))
						b.ReportAllocs()
						if goroutines == 1 {
							w.keep(l, inFlight, b.Loop)
							return
						}
						b.SetParallelism(goroutines / runtime.GOMAXPROCS(0))
						b.RunParallel(func(pb *testing.PB) { w.keep(l, inFlight/goroutines, pb.Next) })
					})
				}
			}
		}
	}
}

// ways is how calls are kept on their way: for each answer, the next call.
var ways = []struct {
	name string
	keep func(l *async.Limiter, inFlight int, next func() bool)
}{
	{"limitTo", func(l *async.Limiter, inFlight int, next func() bool) {
		ctx := context.Background()
		answers := make(chan throttled.Outcome, inFlight)
		for range inFlight - 1 {
			l.LimitTo(ctx, key, 1, answers)
		}
		for next() {
			l.LimitTo(ctx, key, 1, answers)
			<-answers
		}
		for range inFlight - 1 {
			<-answers
		}
	}},
	{"limit", func(l *async.Limiter, inFlight int, next func() bool) {
		ctx := context.Background()
		answers := make([]<-chan throttled.Outcome, inFlight)
		for i := range answers {
			answers[i] = l.Limit(ctx, key)
		}
		for i := 0; next(); i = (i + 1) % inFlight {
			<-answers[i]
			answers[i] = l.Limit(ctx, key)
		}
		for _, answer := range answers {
			<-answer
		}
	}},
}
