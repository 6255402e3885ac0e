// Package load drives a store with a workload, and measures what comes of it.
package load

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Pace says when requests are sent.
type Pace struct {
	// Times is how many times as fast as the workload was; 0: each caller sends
	// its next request as soon as it has the answer to the last.
	Times float64
}

// due returns how long after the start a request is to be sent.
func (p Pace) due(sinceFirst int64) time.Duration {
	return time.Duration(float64(sinceFirst) / p.Times)
}

// Outcome is what came of driving a store once.
type Outcome struct {
	Elapsed                  time.Duration
	Allowed, Denied, Errors  int64
	FirstError               error
	P50, P99, P999, Greatest time.Duration // how late the answers came
}

// Decisions returns how many requests were answered.
func (o *Outcome) Decisions() int64 { return o.Allowed + o.Denied }

// PerSecond returns the answers in a second.
func (o *Outcome) PerSecond() float64 {
	return float64(o.Decisions()) / max(o.Elapsed.Seconds(), 1e-9)
}

// limiter is what is driven.
type limiter interface {
	LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
}

// drive sends the requests of w from so many callers. At a pace, each request has
// an instant that it is due at, and how late its answer comes is counted from
// there, whether or not a caller was free to send it: a store that stands
// still for a second makes all late that were due in it, not just those that
// were under way. Without a pace, it is counted from the call.
func drive(ctx context.Context, l limiter, w *workload.Workload, callers int, pace Pace, step func(n int)) (Outcome, error) {
	first, _ := w.Span()
	all := make([]caller, callers)
	var next atomic.Int64
	var workers sync.WaitGroup
	done := make(chan struct{})
	go tell(&next, step, done)
	start := time.Now()
	for i := range all {
		c := &all[i]
		workers.Go(func() {
			for ctx.Err() == nil {
				place := next.Add(1) - 1
				if place >= int64(len(w.Requests)) {
					return
				}
				r := &w.Requests[place]
				began := time.Now()
				if pace.Times > 0 {
					began = start.Add(pace.due(r.At - first))
					if !sleepUntil(ctx, began) {
						return
					}
				}
				res, err := l.LimitN(ctx, w.Keys[r.Key], r.Cost)
				c.took(time.Since(began), res, err)
			}
		})
	}
	workers.Wait()
	elapsed := time.Since(start)
	done <- struct{}{}
	o := sum(all)
	o.Elapsed = elapsed
	return o, ctx.Err()
}

// tell tells step now and then how many more requests were taken, until done. It
// reads the counter of the callers, who are not held up by it.
func tell(next *atomic.Int64, step func(n int), done chan struct{}) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for told := int64(0); ; {
		select {
		case <-ticker.C:
			now := next.Load()
			step(int(now - told))
			told = now
		case <-done:
			return
		}
	}
}

// sleepUntil returns false if ctx ends before.
func sleepUntil(ctx context.Context, at time.Time) bool {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// caller is what one caller saw.
type caller struct {
	late    []time.Duration
	allowed int64
	errors  int64
	first   error
	_       [64]byte // a cache line of its own
}

func (c *caller) took(late time.Duration, res throttled.Result, err error) {
	switch {
	case err != nil:
		c.errors++
		if c.first == nil {
			c.first = err
		}
		return
	case res.Allowed:
		c.allowed++
	}
	c.late = append(c.late, late)
}

// sum puts together what all callers saw. A quantile is the least lateness that
// so many of the answers did not exceed.
func sum(all []caller) (o Outcome) {
	var late []time.Duration
	for i := range all {
		c := &all[i]
		late = append(late, c.late...)
		o.Allowed += c.allowed
		o.Denied += int64(len(c.late)) - c.allowed
		o.Errors += c.errors
		if o.FirstError == nil {
			o.FirstError = c.first
		}
	}
	if len(late) == 0 {
		return o
	}
	slices.Sort(late)
	quantile := func(perMille int) time.Duration { return late[(len(late)*perMille+999)/1000-1] }
	o.P50, o.P99, o.P999, o.Greatest = quantile(500), quantile(990), quantile(999), quantile(1000)
	return o
}
