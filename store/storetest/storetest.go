// Package storetest is the conformance suite of a [throttled.Store]: what
// passes it may stand wherever a limiter asks for a store.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) throttled.Store {
//			return mystore.New()
//		})
//	}
//
// The numbers in it are worked out by hand from the laws of the five
// algorithms, and hold to the last tick of the store's time. To make that
// possible every case runs in a bubble of package testing/synctest, where time
// stands still while anybody is at work and nobody really sleeps; a store whose
// time is not that of the process says so by [RealTime].
package storetest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/throttled-go/throttled"
)

// Limiter is a face as the suite uses it: *sync.Limiter has these methods, and
// a face that answers in another way needs an adapter that blocks.
type Limiter interface {
	LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
	WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error)
	Peek(ctx context.Context, key string) (throttled.State, error)
	Refund(ctx context.Context, key string, cost int64) (throttled.State, error)
	Reset(ctx context.Context, key string) error
}

// Option says something about the store, or how to run the suite.
type Option func(*suite)

// WithoutLine says that the store keeps no waiting line and waits by retrying.
// The cases about first come, first served are left out, and where several
// wait it is no longer asked who goes first.
func WithoutLine() Option { return func(s *suite) { s.line = false } }

// RealTime says that the store lives outside of the process and goes by a
// clock of its own. Cases then run outside of a bubble, wait as little as they
// can, and hold the store only to what is true at any pace: that it admits no
// more than the quota and lets nobody through before its turn.
func RealTime() Option { return func(s *suite) { s.real = true } }

// Ticks gives the resolution of the store's time; without it, a nanosecond.
// The store rounds instants up to whole ticks. Above a nanosecond the suite
// has no quotas but such with periods of whole microseconds, 1 ms and longer.
func Ticks(d time.Duration) Option { return func(s *suite) { s.tick = d } }

// Face says through which face to run the suite, in place of package sync.
// open is the face's New, and name is that of the subtest with all cases.
func Face(name string, open func(throttled.Config) (Limiter, error)) Option {
	return func(s *suite) { s.face, s.limiter = name, open }
}

// Run runs every case as a subtest, each on a store of its own, which open
// makes and Run closes. The stores must have room for 64 buckets. Stores
// outside of the process may share their buckets with each other and with
// earlier runs: each case has a prefix of its own.
//
// What an option leaves out is not registered; no case is ever skipped.
func Run(t *testing.T, open func(t *testing.T) throttled.Store, options ...Option) {
	t.Helper()
	s := &suite{open: open, line: true, tick: 1, face: "sync", limiter: blocking}
	for _, option := range options {
		option(s)
	}
	t.Run(s.face, func(t *testing.T) {
		for _, g := range s.groups() {
			t.Run(g.name, func(t *testing.T) { s.runAll(t, g.cases) })
		}
	})
}

// suite is the cases as the options have them.
type suite struct {
	open    func(*testing.T) throttled.Store
	face    string
	limiter func(throttled.Config) (Limiter, error)
	line    bool
	real    bool
	tick    time.Duration
}

// testCase is one case: a run on a fresh store.
type testCase struct {
	name string
	run  func(*trial)
}

type group struct {
	name  string
	cases []testCase
}

// groups returns all cases that the options leave.
func (s *suite) groups() (all []group) {
	for _, g := range []group{
		{"answers", s.answers()},
		{"promises", s.promises()},
		{"buckets", s.buckets()},
		{"requests", s.requests()},
		{"refusals", s.refusals()},
		{"waits", s.waits()},
		{"bounds", s.bounds()},
		{"interruptions", s.interruptions()},
		{"line", s.lines()},
		{"queue", s.queues()},
		{"concurrency", s.concurrency()},
		{"close", s.closing()},
	} {
		if len(g.cases) > 0 {
			all = append(all, g)
		}
	}
	return all
}

func (s *suite) runAll(t *testing.T, cases []testCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if s.real {
				s.try(t, c)
				return
			}
			synctest.Test(t, func(t *testing.T) { s.try(t, c) })
		})
	}
}
