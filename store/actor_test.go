package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

func newActor(t *testing.T, options store.Options) *store.Actor {
	a, err := store.NewActor(options)
	require.NoError(t, err)
	return a
}

// actorBubble runs test, with a store of options, in a bubble.
func actorBubble(t *testing.T, name string, options store.Options, test func(t *testing.T, a *store.Actor)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newActor(t, options)
			defer a.Close()
			test(t, a)
		})
	})
}

func TestActorKind(t *testing.T) {
	assert.Equal(t, "actor", newActor(t, store.Options{}).Kind())
}

func TestActorOptionsOutOfRange(t *testing.T) {
	for _, options := range []store.Options{{MaxSize: -1}, {MaxSize: 1<<28 + 1}, {WhenFull: 2}} {
		a, err := store.NewActor(options)
		assert.Nil(t, a)
		assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	}
}

func TestActorStatsFromAnyGoroutine(t *testing.T) {
	actorBubble(t, "among calls and a close", store.Options{}, func(t *testing.T, a *store.Actor) {
		const each = 100
		plan := planOf(t, throttled.TokenBucket, "24/d burst 5")
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				last := int64(0)
				for range each {
					_, err := a.Do(t.Context(), throttled.Request{Plan: plan, Key: fmt.Sprint(i), Op: throttled.OpLimit, Cost: 1})
					require.NoError(t, err)
					stats := a.Stats()
					assert.Greater(t, stats.Hits+stats.Misses, last)
					last = stats.Hits + stats.Misses
				}
			})
		}
		group.Wait()
		want := store.Stats{Hits: 10 * (each - 1), Misses: 10, Size: 10}
		assert.Equal(t, want, a.Stats())

		a.Submit(t.Context(), throttled.Request{Plan: plan, Key: "0", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
			func(_ throttled.Result, err error) { assert.ErrorIs(t, err, throttled.ErrClosed) })
		want.Hits, want.Waiting = want.Hits+1, 1
		assert.Equal(t, want, a.Stats())
		want.Waiting = 0
		for range 5 {
			group.Go(func() { assert.NoError(t, a.Close()) })
			group.Go(func() { a.Stats() })
		}
		group.Wait()
		for range 5 {
			group.Go(func() { assert.Equal(t, want, a.Stats(), "after Close") })
		}
		group.Wait()
	})
}

func TestActorCloseAnswersAllWhoWait(t *testing.T) {
	actorBubble(t, "thousands, at many keys", store.Options{}, func(t *testing.T, a *store.Actor) {
		const many = 20_000
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		answered := 0
		for i := range many {
			req := throttled.Request{
				Plan: planOf(t, throttled.Algorithm(i%5), "5/h"), Key: fmt.Sprint(i % 500), Op: throttled.OpLimit, Cost: 1, Within: throttled.Never,
			}
			waits := []context.Context{t.Context(), context.Background(), ctx}[i%3]
			a.Submit(waits, req, func(_ throttled.Result, err error) {
				answered++ // on the goroutine of the store
				if err != nil {
					assert.Equal(t, throttled.ErrClosed, err)
				}
			})
		}
		waiting := a.Stats().Waiting
		assert.EqualValues(t, many-500*5, waiting)
		began := time.Now()
		require.NoError(t, a.Close())
		assert.Equal(t, many, answered, "Close waits for the answers")
		assert.Zero(t, time.Since(began))
		assert.Zero(t, a.Stats().Waiting)
		require.NoError(t, a.Close())
		cancel()
		synctest.Wait()
		assert.Equal(t, many, answered)
	})
}

func TestActorCloseWaitsForItsGoroutine(t *testing.T) {
	actorBubble(t, "held up", store.Options{}, func(t *testing.T, a *store.Actor) {
		plan := planOf(t, throttled.TokenBucket, "5/h")
		held, release := make(chan struct{}), make(chan struct{})
		a.Submit(t.Context(), throttled.Request{Plan: plan, Key: "a", Op: throttled.OpLimit, Cost: 1}, func(throttled.Result, error) {
			close(held)
			<-release
		})
		<-held
		behind := make(chan error, 1)
		a.Submit(t.Context(), throttled.Request{Plan: plan, Key: "a", Op: throttled.OpLimit, Cost: 1}, func(_ throttled.Result, err error) {
			behind <- err
		})
		closed := make(chan error, 3)
		for range cap(closed) {
			go func() { closed <- a.Close() }()
		}
		synctest.Wait()
		assert.Empty(t, closed)
		_, err := a.Do(t.Context(), throttled.Request{Plan: plan, Key: "a", Op: throttled.OpLimit, Cost: 1})
		assert.ErrorIs(t, err, throttled.ErrClosed, "the close has begun")
		close(release)
		for range cap(closed) {
			require.NoError(t, <-closed)
		}
		assert.ErrorIs(t, <-behind, throttled.ErrClosed, "it was not looked at before the close")
	})
}

// An Actor that was used, and at which somebody waits, has no goroutine.
func TestActorAtRestHasNoGoroutine(t *testing.T) {
	a := newActor(t, store.Options{})
	plan := planOf(t, throttled.TokenBucket, "5/h")
	for i := range 100 {
		a.Submit(context.Background(), throttled.Request{Plan: plan, Key: fmt.Sprint(i % 7), Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
			func(throttled.Result, error) {})
	}
	assert.EqualValues(t, 100-7*5, a.Stats().Waiting)
	goleak.VerifyNone(t)
	require.NoError(t, a.Close())
	goleak.VerifyNone(t)
}

func TestActorHoldsNobodyUpWhoRefused(t *testing.T) {
	actorBubble(t, "an ended context", store.Options{}, func(t *testing.T, a *store.Actor) {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		var told error
		a.Submit(ended, throttled.Request{Plan: planOf(t, throttled.TokenBucket, "5/h"), Key: "a", Op: throttled.OpLimit, Cost: 1},
			func(_ throttled.Result, err error) { told = err })
		assert.ErrorIs(t, told, context.Canceled, "told before Submit returned")
		assert.Equal(t, store.Stats{}, a.Stats())
	})
}

// The goroutine is held up while the one context ends before its turn and the
// other after it. When both are looked at, both turns have come: a turn whose
// instant has come is granted, and each is answered once.
func TestActorGrantsWhatIsDueToThoseWhoLeft(t *testing.T) {
	actorBubble(t, "held up", store.Options{}, func(t *testing.T, a *store.Actor) {
		plan := planOf(t, throttled.TokenBucket, "1/s")
		wait := func(ctx context.Context) <-chan error {
			answer := make(chan error, 2)
			a.Submit(ctx, throttled.Request{Plan: plan, Key: "a", Op: throttled.OpWait, Cost: 1, Within: throttled.Never},
				func(_ throttled.Result, err error) { answer <- err })
			return answer
		}
		early, cancelEarly := context.WithCancel(t.Context())
		late, cancelLate := context.WithCancel(t.Context())
		last, cancelLast := context.WithCancel(t.Context())
		first, second, third, fourth := wait(t.Context()), wait(early), wait(late), wait(last)
		require.NoError(t, <-first)

		held, release := make(chan struct{}), make(chan struct{})
		a.Submit(t.Context(), throttled.Request{Plan: plan, Key: "b", Op: throttled.OpPeek}, func(throttled.Result, error) {
			close(held)
			<-release
		})
		<-held
		cancelEarly()
		time.Sleep(2 * time.Second)
		cancelLate()
		synctest.Wait()
		cancelLast()
		synctest.Wait()
		close(release)
		require.NoError(t, <-second, "its turn was at 1 s")
		require.NoError(t, <-third, "its turn was at 2 s")
		require.ErrorIs(t, <-fourth, context.Canceled, "its turn was at 3 s")
		synctest.Wait()
		for _, answer := range []<-chan error{first, second, third, fourth} {
			assert.Empty(t, answer, "answered twice")
		}
	})
}

// pair is a Memory and an Actor in one bubble that are asked the same.
type pair struct {
	began   time.Time
	stores  [2]submitter
	mu      sync.Mutex        // Memory answers on many goroutines
	answers [2]map[int]string // of each, by the number of the call
	cancels [2]map[int]context.CancelFunc
}

// submitter is what the two stores have in common.
type submitter interface {
	Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error))
	Stats() store.Stats
	Close() error
}

// mixture is what is asked, as often as it stands here.
var mixture = []throttled.Op{
	throttled.OpLimit, throttled.OpLimit, throttled.OpLimit, throttled.OpLimit,
	throttled.OpWait, throttled.OpWait, throttled.OpWait, throttled.OpWait,
	throttled.OpPeek, throttled.OpRefund, throttled.OpReset,
}

func (p *pair) ask(number int, req throttled.Request, timeout time.Duration) {
	for i, s := range p.stores {
		ctx, cancel := context.WithCancel(context.Background())
		if timeout > 0 {
			ctx, cancel = context.WithTimeout(ctx, timeout)
		}
		p.cancels[i][number] = cancel
		s.Submit(ctx, req, func(res throttled.Result, err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.answers[i][number] += fmt.Sprintf("%v: %v %+v %v\n", time.Since(p.began), res.Allowed, res.State(), err)
		})
		synctest.Wait()
	}
}

func TestActorAnswersAsMemoryDoes(t *testing.T) {
	gaveUp := 0
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { gaveUp += compare(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
	assert.Greater(t, gaveUp, 1000)
}

// compare asks both stores a few hundred random things at random instants and
// holds their answers to be the same, to the nanosecond. It returns how many
// gave up waiting.
func compare(t *testing.T, random *rand.Rand) (gaveUp int) {
	options := store.Options{MaxSize: 1 + random.IntN(9), WhenFull: store.WhenFull(random.IntN(2))}
	p := &pair{began: time.Now(), stores: [2]submitter{newMemory(t, options), newActor(t, options)}}
	for i := range p.stores {
		p.answers[i], p.cancels[i] = map[int]string{}, map[int]context.CancelFunc{}
	}
	var plans []*throttled.Plan
	for _, quota := range []string{"7/3s burst 9", "5/s; 30/m burst 20", "5/2s"} {
		plans = append(plans, planOf(t, throttled.Algorithm(random.IntN(5)), quota))
	}
	const calls = 300
	for i := range calls {
		req := throttled.Request{
			Plan: plans[random.IntN(len(plans))], Key: fmt.Sprint(random.IntN(2)), Cost: random.Int64N(4),
			Op: mixture[random.IntN(len(mixture))],
		}
		switch {
		case req.Op == throttled.OpWait:
			req.Within = throttled.Never
		case req.Op == throttled.OpLimit && random.IntN(2) == 0:
			req.Within = time.Duration(random.Int64N(int64(2 * time.Second)))
		}
		p.ask(i, req, time.Duration(max(0, random.Int64N(int64(4*time.Second))-int64(time.Second))))
		for range random.IntN(9) { // some of them still wait
			victim := max(0, i-random.IntN(20))
			for _, cancels := range p.cancels {
				cancels[victim]()
				synctest.Wait()
			}
		}
		if random.IntN(3) == 0 {
			time.Sleep(time.Duration(random.Int64N(int64(200 * time.Millisecond))))
			synctest.Wait()
		}
	}
	assert.Equal(t, p.stores[0].Stats(), p.stores[1].Stats())
	for _, s := range p.stores {
		require.NoError(t, s.Close())
	}
	for i := range calls {
		require.NotEmpty(t, p.answers[0][i])
		require.Equal(t, p.answers[0][i], p.answers[1][i], "call %d: Memory first, then Actor", i)
		gaveUp += strings.Count(p.answers[0][i], "gave up")
		p.cancels[0][i]()
		p.cancels[1][i]()
	}
	assert.Equal(t, p.stores[0].Stats(), p.stores[1].Stats())
	return gaveUp
}
