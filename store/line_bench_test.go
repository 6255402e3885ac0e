package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// BenchmarkLine has a crowd wait at one key, whose members leave and come one by
// one: the first, the last, one in the middle, or anyone. It reports how long it
// takes, at the median, to come; to leave, from the end of the context to the
// answer; and what the first Limit, Peek or Refund after somebody left takes. A
// Refund lets one through, where it gives room. Nobody's turn comes by itself.
//
// A Wait at a leaky bucket stands in its queue; everybody else stands in line. All
// cost 1, but where costs are mixed, or the line is ten runs of equal costs.
func BenchmarkLine(b *testing.B) {
	one := func(*line) int64 { return 1 }
	mixed := func(l *line) int64 { return 1 + l.random.Int64N(3) }
	runs := func(l *line) int64 { return 1 + int64(10*l.came/l.length%3) }
	type quota struct {
		name, text string
		cost       func(l *line) int64
	}
	windows := []quota{
		{"rates=1", "10/h", one},
		{"rates=2", "10/h; 100/d", one},
		{"rates=2/odd", "6/7h; 20/11h", one},
		{"rates=2/runs", "10/h; 100/d", runs},
		{"rates=2/mixed", "10/h; 100/d", mixed},
		{"rates=3", "10/h; 100/d; 500/w", one},
	}
	for _, kind := range []string{"memory", "actor"} {
		for _, waits := range []struct {
			name      string
			algorithm throttled.Algorithm
			op        throttled.Op
			quotas    []quota
		}{
			{"token_bucket", throttled.TokenBucket, throttled.OpWait, []quota{
				{"rates=1", "1/h burst 10", one},
				{"rates=2", "1/h burst 10; 20/d burst 40", one},
				{"rates=4", "1/h burst 10; 20/d burst 40; 100/w burst 50; 13/17h burst 11", one},
			}},
			{"gcra", throttled.GCRA, throttled.OpWait, []quota{
				{"rates=1", "7/5h burst 10", one},
				{"rates=2", "7/5h burst 10; 23/d burst 40", one},
			}},
			{"leaky_bucket", throttled.LeakyBucket, throttled.OpLimit, []quota{
				{"rates=1", "1/h burst 10", one},
				{"rates=2", "1/h burst 10; 20/d burst 40", one},
			}},
			{"leaky_bucket_queue", throttled.LeakyBucket, throttled.OpWait, []quota{
				{"rates=1", "1/h burst 200000", one},
				{"rates=2", "1/h burst 200000; 25/d burst 200000", one},
			}},
			{"fixed_window", throttled.FixedWindow, throttled.OpWait, windows},
			{"sliding_window", throttled.SlidingWindow, throttled.OpWait, windows},
		} {
			for _, quota := range waits.quotas {
				for _, n := range []int{1000, 10_000, 100_000} {
					b.Run(fmt.Sprintf("%s/%s/%s/waiting=%d", kind, waits.name, quota.name, n), func(b *testing.B) {
						plan, err := throttled.Config{Quota: throttled.MustParseQuota(quota.text), Algorithm: waits.algorithm}.Plan()
						if err != nil {
							b.Fatal(err)
						}
						l := newLine(b, kind, plan, waits.op)
						l.length, l.cost = n, quota.cost
						for len(l.members) < n {
							l.come()
						}
						l.times = [len(timed)][]time.Duration{}
						for b.Loop() {
							l.leave()
							l.ask()
							for len(l.members) < n {
								l.come()
							}
						}
						l.report()
					})
				}
			}
		}
	}
}

// line is a crowd that waits at one key.
type line struct {
	b       *testing.B
	store   throttled.Submitter
	waiting func() int64
	req     throttled.Request // of those who come
	cost    func(l *line) int64
	came    int
	length  int // how many shall wait
	members []*member
	left    chan *member
	random  *rand.Rand
	times   [len(timed)][]time.Duration
}

type member struct {
	cancel  context.CancelFunc
	granted bool // written before the store answers the next request
}

// timed is what is reported.
var timed = [...]string{"ns/join", "ns/leave", "ns/limit", "ns/peek", "ns/refund"}

const (
	joining = iota
	leaving
	limiting
	peeking
	refunding
)

func newLine(b *testing.B, kind string, plan *throttled.Plan, op throttled.Op) *line {
	l := &line{
		b:      b,
		req:    throttled.Request{Plan: plan, Key: "k", Op: op, Within: throttled.Never},
		left:   make(chan *member, 1),
		random: rand.New(rand.NewPCG(1, 2)),
	}
	if kind == "actor" {
		a := throttled.Must(store.NewActor(store.Options{}))
		b.Cleanup(func() { _ = a.Close() })
		l.store, l.waiting = a, func() int64 { return a.Stats().Waiting }
	} else {
		m := throttled.Must(store.NewMemory(store.Options{}))
		b.Cleanup(func() { _ = m.Close() })
		l.store, l.waiting = m, func() int64 { return m.Stats().Waiting }
	}
	fill := plan.Quota().Rates()[0].Limit
	if burst := plan.Quota().Rates()[0].Burst; burst > 0 {
		fill = burst
	}
	if plan.Algorithm() == throttled.LeakyBucket && op == throttled.OpWait {
		fill = 1 // or the first would not have to wait
	}
	l.do(throttled.OpLimit, fill)
	return l
}

// time notes how long do takes.
func (l *line) time(what int, do func()) {
	began := time.Now()
	do()
	l.times[what] = append(l.times[what], time.Since(began))
}

func (l *line) do(op throttled.Op, cost int64) {
	if _, err := l.store.Do(context.Background(), throttled.Request{Plan: l.req.Plan, Key: "k", Op: op, Cost: cost}); err != nil {
		l.b.Fatal(err)
	}
}

// come has one more wait.
func (l *line) come() {
	ctx, cancel := context.WithCancel(context.Background())
	m := &member{cancel: cancel}
	done := func(_ throttled.Result, err error) {
		switch {
		case err == nil:
			m.granted = true
		case !errors.Is(err, throttled.ErrClosed): // at the end
			l.left <- m
		}
	}
	l.req.Cost = l.cost(l)
	l.came++
	l.time(joining, func() { l.store.Submit(ctx, l.req, done) })
	l.members = append(l.members, m)
}

// leave has one leave: the first, the last, one in the middle, or anyone.
func (l *line) leave() {
	n := len(l.members)
	place := [...]int{0, n - 1, n / 2, l.random.IntN(n)}[l.random.IntN(4)]
	l.time(leaving, func() {
		l.members[place].cancel()
		if <-l.left != l.members[place] {
			l.b.Fatal("another one has left")
		}
	})
	l.members = slices.Delete(l.members, place, place+1)
}

// ask asks for something, and sees who was let through for it.
func (l *line) ask() {
	switch what := limiting + l.random.IntN(3); what {
	case limiting:
		l.time(what, func() { l.do(throttled.OpLimit, 1) })
	case peeking:
		l.time(what, func() { l.do(throttled.OpPeek, 1) })
	default:
		l.time(what, func() { l.do(throttled.OpRefund, 1) })
	}
	waiting := l.waiting() // an Actor has answered all by then
	for len(l.members) > 0 && l.members[0].granted {
		l.members[0].cancel()
		l.members = l.members[1:]
	}
	if int64(len(l.members)) != waiting {
		l.b.Fatalf("%d wait, of %d", waiting, len(l.members))
	}
}

// report reports the medians.
func (l *line) report() {
	for what, all := range l.times {
		if len(all) > 0 {
			slices.Sort(all)
			l.b.ReportMetric(float64(all[len(all)/2]), timed[what])
		}
	}
	l.b.ReportMetric(0, "ns/op") // which is all of it together
}
