package async_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// plain is a store as anybody might write it: a mutex, a map, and no Submit.
type plain struct {
	gate chan struct{} // decisions wait until it is closed; nil: they do not

	mu           sync.Mutex
	states       map[string][]int64
	inside, peak int // decisions on their way, and the most there were
	closed       bool
}

func newPlain() *plain { return &plain{states: map[string][]int64{}} }

func (*plain) Kind() string { return "plain" }

func (s *plain) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if req.Op == throttled.OpWait || req.Within > 0 {
		return store.WaitByRetrying(ctx, req, s.try)
	}
	s.count(1)
	defer s.count(-1)
	if s.gate != nil {
		<-s.gate
	}
	return s.try(req)
}

func (s *plain) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *plain) count(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside += more
	s.peak = max(s.peak, s.inside)
}

func (s *plain) try(req throttled.Request) (throttled.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return throttled.Result{}, throttled.ErrClosed
	}
	bucket := req.Plan.Name() + ":" + req.Key
	if s.states[bucket] == nil {
		s.states[bucket] = make([]int64, req.Plan.Words())
	}
	res, _ := req.Plan.Apply(s.states[bucket], time.Now().UnixNano(), req)
	return res, nil
}

func TestDecisionsOfAStoreThatBlocksAreBounded(t *testing.T) {
	const many, bound = 1000, 256
	bubble(t, "256 decisions are on their way", func(t *testing.T) {
		s := newPlain()
		s.gate = make(chan struct{})
		l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(2 * many), Store: s})
		answers := make(chan throttled.Outcome, many)
		for range many {
			go l.LimitTo(t.Context(), key, 1, answers)
		}
		synctest.Wait()
		assert.Equal(t, bound, s.inside)

		began := time.Now()
		waiting := l.Wait(t.Context(), key)
		assert.NoError(t, only(t, waiting).Err, "who may wait is not counted")
		assert.Zero(t, time.Since(began))
		outcome := only(t, l.Limit(deadline(t, time.Second), key))
		assert.ErrorIs(t, outcome.Err, context.DeadlineExceeded)
		assert.ErrorContains(t, outcome.Err, "throttled: ")
		assert.Equal(t, key, outcome.Key)
		assert.Equal(t, time.Second, time.Since(began), "the caller is blocked until its context ends")

		close(s.gate)
		for range many {
			outcome := <-answers
			require.NoError(t, outcome.Err)
			require.True(t, outcome.Result.Allowed)
		}
		assert.Equal(t, bound, s.peak)
		assert.EqualValues(t, many-1, remaining(t, l, key))
	})
}

func TestWhoSleepsAtAStoreThatBlocksHoldsNobodyUp(t *testing.T) {
	bubble(t, "a thousand sleep", func(t *testing.T) {
		s := newPlain()
		l := newLimiter(t, throttled.Config{Quota: ten, Store: s})
		patient := newLimiter(t, throttled.Config{Quota: ten, Store: s, Timeout: throttled.Never})
		take(t, l, 10)
		began := time.Now()
		ctx, cancel := context.WithCancel(context.Background())
		answers := make(chan throttled.Outcome, 500)
		waiting := make([]<-chan throttled.Outcome, cap(answers))
		for i := range waiting {
			waiting[i] = l.Wait(ctx, key)
			patient.LimitTo(ctx, key, 1, answers)
		}
		synctest.Wait()
		for _, l := range []*async.Limiter{l, patient} {
			assert.True(t, only(t, l.Limit(t.Context(), "another")).Result.Allowed)
			assert.False(t, only(t, l.Peek(t.Context(), key)).Result.Allowed)
		}
		assert.Zero(t, time.Since(began))
		cancel()
		for i := range waiting {
			assert.ErrorIs(t, (<-answers).Err, context.Canceled)
			assert.ErrorIs(t, (<-waiting[i]).Err, context.Canceled)
		}
	})
}

// gathered is how many requests an Actor has room for, beside those that its
// goroutine has taken.
const gathered = 1024

// hold occupies the goroutine of a until release is called.
func hold(a *store.Actor) (release func()) {
	held, gate := make(chan struct{}), make(chan struct{})
	plan := throttled.Must(throttled.Config{}.Plan())
	a.Submit(context.Background(), throttled.Request{Plan: plan, Key: "held", Op: throttled.OpPeek}, func(throttled.Result, error) {
		close(held)
		<-gate
	})
	<-held
	return func() { close(gate) }
}

func TestACallBlocksWhileTheStoreHasNoRoom(t *testing.T) {
	bubble(t, "until its context ends, or there is room", func(t *testing.T) {
		a := newActor(t)
		defer a.Close()
		l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(2 * gathered), Store: a})
		release := hold(a)
		answers := make(chan throttled.Outcome, gathered)
		for range gathered {
			l.LimitTo(t.Context(), key, 1, answers) // returns: there is room
		}
		began := time.Now()
		for verb, call := range calls(t, l, 1) {
			outcome := call(deadline(t, time.Second), key)
			assert.ErrorIs(t, outcome.Err, context.DeadlineExceeded, verb)
			assert.ErrorContains(t, outcome.Err, "throttled: ", verb)
			assert.Equal(t, throttled.Result{}, outcome.Result, verb)
			assert.Equal(t, time.Second, time.Since(began), verb)
			began = time.Now()
		}

		var returned atomic.Int64
		later := make(chan throttled.Outcome, 100)
		for range cap(later) {
			go func() {
				l.LimitTo(t.Context(), key, 1, later)
				returned.Add(1)
			}()
		}
		synctest.Wait()
		assert.Zero(t, returned.Load())
		assert.Empty(t, answers)
		release()
		synctest.Wait()
		assert.EqualValues(t, cap(later), returned.Load())
		require.Len(t, answers, gathered)
		require.Len(t, later, cap(later))
		for range gathered {
			require.True(t, (<-answers).Result.Allowed)
		}
		for range cap(later) {
			require.True(t, (<-later).Result.Allowed)
		}
		assert.EqualValues(t, gathered-cap(later), remaining(t, l, key), "each was charged once, and nothing else was")
	})
	bubble(t, "or the store is closed", func(t *testing.T) {
		a := newActor(t)
		l := newLimiter(t, throttled.Config{Store: a})
		release := hold(a)
		answers := make(chan throttled.Outcome, gathered+10)
		for range cap(answers) {
			go l.LimitTo(t.Context(), key, 1, answers)
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- a.Close() }()
		synctest.Wait()
		assert.Len(t, answers, 10, "those who were blocked")
		assert.Empty(t, closed, "Close waits for the goroutine")
		release()
		require.NoError(t, <-closed)
		require.Len(t, answers, cap(answers))
		for range cap(answers) {
			require.ErrorIs(t, (<-answers).Err, throttled.ErrClosed)
		}
	})
}

// The store is not closed here: a bubble ends only if no goroutine is left.
func TestAnAbandonedChannelLeavesNothing(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		bubble(t, algorithm.String(), func(t *testing.T) {
			a := newActor(t)
			l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: throttled.PerHour(2000), Store: a})
			if algorithm == throttled.LeakyBucket {
				take(t, l, 1000) // and 1000 go in
			} else {
				take(t, l, 2000)
			}
			synctest.Wait()
			goroutines := runtime.NumGoroutine()
			ctx, cancel := context.WithCancel(context.Background())
			for range 250 {
				l.Limit(ctx, key)
				l.Peek(ctx, key)
				l.Wait(ctx, key)
				l.Wait(deadline(t, 3*time.Hour), key)
				l.Wait(context.Background(), key)
			}
			synctest.Wait()
			assert.Less(t, runtime.NumGoroutine(), goroutines+100, "of the 750 who wait none is a goroutine")
			assert.EqualValues(t, 750, a.Stats().Waiting)
			cancel()
			synctest.Wait()
			assert.EqualValues(t, 500, a.Stats().Waiting)
			time.Sleep(4 * time.Hour)
			synctest.Wait()
			assert.Zero(t, a.Stats().Waiting)
			assert.EqualValues(t, 2000, remaining(t, l, key))

			take(t, l, 2000)
			l.Wait(context.Background(), key) // and one is left behind
		})
	}
}

func TestTheDefaultStoreLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1000).WithBurst(1), Store: async.DefaultStore()})
	ctx, cancel := context.WithCancel(context.Background())
	answers := make(chan throttled.Outcome, 1)
	for _, key := range []string{"default:1", "default:2"} {
		assert.NoError(t, (<-l.Wait(ctx, key)).Err)
		assert.NoError(t, (<-l.Wait(ctx, key)).Err)
		assert.NoError(t, (<-l.Limit(ctx, key)).Err)
		l.LimitTo(ctx, key, 1, answers)
		assert.NoError(t, (<-answers).Err)
		assert.NoError(t, <-l.Do(ctx, key+" done", func(context.Context) error { return nil }))
		assert.NoError(t, (<-l.Permits(ctx, key)).Err)
	}
	hourly := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1), Store: async.DefaultStore()})
	for range 10 {
		hourly.Wait(ctx, "default:3")
	}
	cancel()

	assert.NoError(t, async.DefaultStore().Close())
	assert.NoError(t, (<-l.Limit(context.Background(), "default:4")).Err, "it cannot be closed")
	assert.Equal(t, "actor", async.DefaultStore().Kind())
}

// hammer has ten goroutines make calls of all kinds and each close the store
// in between, and holds every call to be answered once.
func hammer(t *testing.T, s throttled.Store, seed uint64) {
	const workers, each = 10, 40
	l := newLimiter(t, throttled.Config{Quota: throttled.PerHour(20), Store: s})
	ctx, cancel := context.WithCancel(context.Background())
	shared, tight := make(chan throttled.Outcome, workers*each), make(chan throttled.Outcome, 1)
	var sent atomic.Int64
	var group sync.WaitGroup
	for worker := range uint64(workers) {
		group.Go(func() {
			random := rand.New(rand.NewPCG(seed, worker))
			var answers, streams []<-chan throttled.Outcome
			var ends []<-chan error
			closing := random.IntN(each)
			for i := range each {
				if i == closing {
					assert.NoError(t, s.Close())
				}
				key, cost := fmt.Sprint(random.IntN(3)), random.Int64N(3)
				ctx := ctx
				if random.IntN(4) == 0 {
					ended, end := context.WithCancel(ctx)
					ctx = ended
					defer end()
					if random.IntN(2) == 0 {
						go end()
					}
				}
				switch random.IntN(9) {
				case 0:
					answers = append(answers, l.LimitN(ctx, key, cost))
				case 1, 2:
					answers = append(answers, l.WaitN(ctx, key, cost))
				case 3:
					answers = append(answers, l.Peek(ctx, key))
				case 4:
					answers = append(answers, l.Refund(ctx, key, cost))
				case 5:
					sent.Add(1)
					l.LimitTo(ctx, key, cost, shared)
				case 6:
					l.LimitTo(ctx, key, cost, tight)
				case 7:
					streams = append(streams, l.Permits(ctx, key))
				case 8:
					ends = append(ends, l.Do(ctx, key, func(context.Context) error { return nil }))
				}
			}
			for _, answer := range answers {
				isOneOf(t, (<-answer).Err, nil, throttled.ErrClosed, throttled.ErrLimited, context.Canceled)
			}
			for _, end := range ends {
				isOneOf(t, <-end, nil, throttled.ErrClosed, throttled.ErrLimited, context.Canceled)
			}
			for _, stream := range streams {
				failed := false
				for permit := range stream {
					assert.False(t, failed, "an error is the last")
					isOneOf(t, permit.Err, nil, throttled.ErrClosed, context.Canceled)
					failed = permit.Err != nil
				}
			}
			for _, answer := range answers {
				assert.Empty(t, answer, "answered twice")
			}
			for _, end := range ends {
				assert.Empty(t, end, "answered twice")
			}
		})
	}
	group.Wait()
	for range sent.Load() {
		isOneOf(t, (<-shared).Err, nil, throttled.ErrClosed, context.Canceled)
	}
	cancel()
	assert.Empty(t, shared, "answered twice")
	assert.ErrorIs(t, (<-l.Wait(context.Background(), key)).Err, throttled.ErrClosed)
	assert.NoError(t, s.Close())
}

func isOneOf(t *testing.T, err error, errs ...error) {
	t.Helper()
	for _, e := range errs {
		if errors.Is(err, e) {
			return
		}
	}
	assert.Fail(t, "none of those it may be", "%v", err)
}

func TestCloseHammered(t *testing.T) {
	for name, open := range map[string]func(*testing.T) throttled.Store{
		"actor":  func(t *testing.T) throttled.Store { return newActor(t) },
		"memory": func(*testing.T) throttled.Store { return throttled.Must(store.NewMemory(store.Options{})) },
		"plain":  func(*testing.T) throttled.Store { return newPlain() },
	} {
		for seed := range uint64(20) {
			bubble(t, fmt.Sprintf("%s in a bubble %d", name, seed), func(t *testing.T) { hammer(t, open(t), seed) })
		}
		if name == "plain" {
			continue // it does not wake those who sleep
		}
		t.Run(name+" outside", func(t *testing.T) {
			defer goleak.VerifyNone(t)
			for seed := range uint64(100) {
				hammer(t, open(t), seed)
			}
		})
	}
}
