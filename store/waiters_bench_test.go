package store_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// BenchmarkWaiters has a million wait at the keys of an Actor, and then lets
// them all through at once. It reports the heap that each takes while it
// waits, and the time that each takes to come and to be let through; ns/op is
// all of it together.
//
// A context of package context makes a channel and a map when somebody begins
// to watch it, and keeps them: the last but one has its own context for each,
// of which that is counted in, and the last one has contexts that were watched
// before. The channel of the caller is never counted in.
func BenchmarkWaiters(b *testing.B) {
	var none context.CancelFunc = func() {}
	shared := b.Context()
	own := func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) }
	for _, bench := range []struct {
		name    string
		keys    int
		context func() (context.Context, context.CancelFunc)
	}{
		{"keys=1/context=background", 1, func() (context.Context, context.CancelFunc) { return context.Background(), none }},
		{"keys=1000/context=background", 1000, func() (context.Context, context.CancelFunc) { return context.Background(), none }},
		{"keys=100000/context=background", 100_000, func() (context.Context, context.CancelFunc) { return context.Background(), none }},
		{"keys=1000/context=shared", 1000, func() (context.Context, context.CancelFunc) { return shared, none }},
		{"keys=1000/context=own", 1000, own},
		{"keys=1000/context=watched", 1000, func() (context.Context, context.CancelFunc) {
			ctx, cancel := own()
			context.AfterFunc(ctx, none)()
			return ctx, cancel
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var total crowd
			runs := 0
			for b.Loop() {
				total.add(gather(b, bench.keys, bench.context))
				runs++
			}
			n := float64(waiters * runs)
			b.ReportMetric(float64(total.heap)/n, "heap-B/waiter")
			b.ReportMetric(float64(total.coming)/n, "ns/join")
			b.ReportMetric(float64(total.granting)/n, "ns/grant")
		})
	}
}

const waiters = 1_000_000

// crowd is what a million waiters take.
type crowd struct {
	heap             int64
	coming, granting time.Duration
}

func (c *crowd) add(more crowd) {
	c.heap += more.heap
	c.coming += more.coming
	c.granting += more.granting
}

// gather has everybody wait, and lets them through. Nobody's turn comes by
// itself: it is a quota of years, and each key is reset.
func gather(b *testing.B, keyCount int, newContext func() (context.Context, context.CancelFunc)) (c crowd) {
	perKey := int64(waiters / keyCount)
	plan, err := throttled.Config{Quota: throttled.Per(perKey, 10*365*24*time.Hour)}.Plan()
	if err != nil {
		b.Fatal(err)
	}
	a, err := store.NewActor(store.Options{MaxSize: keyCount})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	keys := make([]string, keyCount)
	contexts := make([]context.Context, waiters)
	for i := range contexts {
		ctx, cancel := newContext()
		defer cancel()
		contexts[i] = ctx
	}
	ctx := context.Background()
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%011d", i)
		req := throttled.Request{Plan: plan, Key: keys[i], Op: throttled.OpLimit, Cost: perKey}
		if res, err := a.Do(ctx, req); err != nil || !res.Allowed {
			b.Fatal(res, err)
		}
	}

	granted, answered, all := 0, 0, make(chan struct{})
	done := func(res throttled.Result, _ error) { // on the goroutine of the store
		if res.Allowed {
			granted++
		}
		if answered++; answered == waiters {
			close(all)
		}
	}
	before := heap()
	began := time.Now()
	for i, ctx := range contexts {
		req := throttled.Request{Plan: plan, Key: keys[i%keyCount], Op: throttled.OpWait, Cost: 1, Within: throttled.Never}
		a.Submit(ctx, req, done)
	}
	if waiting := a.Stats().Waiting; waiting != waiters {
		b.Fatalf("%d wait, of %d", waiting, waiters)
	}
	c.coming = time.Since(began)
	c.heap = heap() - before
	runtime.KeepAlive(contexts) // or they would be gone by then, and taken off
	began = time.Now()
	for _, key := range keys {
		a.Submit(ctx, throttled.Request{Plan: plan, Key: key, Op: throttled.OpReset}, func(throttled.Result, error) {})
	}
	<-all
	c.granting = time.Since(began)
	if granted != waiters {
		b.Fatalf("%d of %d were let through", granted, waiters)
	}
	return c
}
