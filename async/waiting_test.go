package async_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// turn is how a wait ended: let through at an instant, or given up before.
type turn struct {
	number int // in the order of arrival
	at     time.Time
	given  bool
	state  throttled.State
}

// naive is a bucket and those who wait at it, as the law tells it and with no
// thought of speed. All it knows is the state of what was let through.
type naive struct {
	plan    *throttled.Plan
	state   []int64
	from    int64 // the instant at which those who wait may be taken to have come, one after another
	waiting []int
	costs   []int64
	turns   []turn // of those let through
}

// join has number come at now.
func (n *naive) join(now int64, number int) {
	n.until(now)
	if len(n.waiting) == 0 {
		n.from = now
	}
	n.waiting = append(n.waiting, number)
	n.until(now)
}

// leave has number give up at now, and reports whether it was not let through
// by then.
func (n *naive) leave(now int64, number int) bool {
	n.until(now)
	i := slices.Index(n.waiting, number)
	if i < 0 {
		return false
	}
	n.waiting = slices.Delete(n.waiting, i, i+1)
	n.from = now
	n.until(now)
	return true
}

// until lets through all whose turn is not after now.
func (n *naive) until(now int64) {
	for len(n.waiting) > 0 {
		cost := n.costs[n.waiting[0]]
		told, _ := n.plan.Apply(n.state, n.from, throttled.Request{Op: throttled.OpPeek, Cost: cost})
		after := told.RetryAfter() // the earliest turn
		if n.plan.Algorithm() == throttled.LeakyBucket {
			after = told.ResetAfter() // when the water before it has leaked
		}
		at := n.from + int64(after)
		if at > now {
			return
		}
		if n.plan.Algorithm() != throttled.LeakyBucket {
			n.from = at
		}
		res, _ := n.plan.Apply(n.state, n.from, throttled.Request{Op: throttled.OpWait, Cost: cost})
		n.turns = append(n.turns, turn{number: n.waiting[0], at: time.Unix(0, at), state: res.State()})
		n.waiting = n.waiting[1:]
	}
}

// witness is a store that notes when, and in which order, its waits end.
type witness struct {
	*store.Actor
	waits int
	turns []turn
}

func (w *witness) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if req.Op != throttled.OpWait {
		w.Actor.Submit(ctx, req, done)
		return
	}
	number := w.waits
	w.waits++
	w.Actor.Submit(ctx, req, func(res throttled.Result, err error) {
		w.turns = append(w.turns, turn{number, time.Now(), err != nil, res.State()})
		done(res, err)
	})
}

// event is one who comes, or gives up, at an instant.
type event struct {
	after  time.Duration
	number int
	leaves bool
}

// lines is what somebody may wait under.
func lines(test func(name string, cfg throttled.Config)) {
	for _, algorithm := range everyAlgorithm {
		for _, quota := range []string{"7/s burst 3", "7/s burst 5; 300/m burst 40"} {
			if algorithm == throttled.LeakyBucket { // a queue that has room for all
				quota = map[string]string{
					"7/s burst 3":                 "7/s burst 30000",
					"7/s burst 5; 300/m burst 40": "7/s burst 30000; 300/m burst 40000",
				}[quota]
			}
			test(fmt.Sprintf("%v %s", algorithm, quota), throttled.Config{
				Algorithm: algorithm, Quota: throttled.MustParseQuota(quota), Key: key,
			})
		}
	}
}

// The many are more than a test under the race detector may have goroutines:
// none of them is one.
const many = 10_000

func TestManyAreLetThroughInTheOrderOfTheirArrival(t *testing.T) {
	lines(func(name string, cfg throttled.Config) {
		bubble(t, name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			costs, events := make([]int64, many), make([]event, many)
			for i := range many {
				costs[i] = 1 + random.Int64N(3)
				events[i] = event{number: i}
			}
			play(t, cfg, costs, events)
		})
	})
}

func TestThoseBehindWhoGivesUpMoveUp(t *testing.T) {
	lines(func(name string, cfg throttled.Config) {
		bubble(t, name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(2, uint64(len(name))))
			const span = many / 4 * time.Second // by then half of them are through, or more
			costs := make([]int64, many)
			var events []event
			for i := range many {
				costs[i] = 1 + random.Int64N(3)
				comes := time.Duration(random.Int64N(int64(span / 50)))
				events = append(events, event{comes, i, false})
				if random.IntN(3) == 0 {
					stays := time.Duration(random.Int64N(int64(span)))
					events = append(events, event{comes + 1 + stays, i, true})
				}
			}
			slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.after, b.after) })
			number, numbers := 0, make([]int, many)
			for i, e := range events { // number them in the order of their arrival
				if !e.leaves {
					numbers[e.number] = number
					number++
				}
				events[i].number = numbers[e.number]
			}
			play(t, cfg, costs, events)
		})
	})
}

// play has what events tell happen at a store, and in the naive way, and holds
// all turns to be the same.
func play(t *testing.T, cfg throttled.Config, costs []int64, events []event) {
	seen := &witness{Actor: newActor(t)}
	defer seen.Close()
	cfg.Store = seen
	l := newLimiter(t, cfg)
	plan := throttled.Must(cfg.Plan())
	told := &naive{plan: plan, state: make([]int64, plan.Words()), costs: costs}

	began := time.Now()
	answers := make([]<-chan throttled.Outcome, len(costs))
	cancels := make([]context.CancelFunc, len(costs))
	gaveUp := map[int]bool{}
	for _, e := range events {
		time.Sleep(e.after - time.Since(began))
		now := time.Now().UnixNano()
		if !e.leaves {
			ctx, cancel := context.WithCancel(context.Background())
			cancels[e.number] = cancel
			answers[e.number] = l.WaitN(ctx, "", costs[e.number])
			told.join(now, e.number)
			continue
		}
		synctest.Wait() // let all who came at this instant in first
		cancels[e.number]()
		synctest.Wait()
		if told.leave(now, e.number) {
			gaveUp[e.number] = true
		}
	}
	told.until(1 << 62)

	for i, answer := range answers {
		outcome := <-answer
		if gaveUp[i] {
			assert.ErrorIs(t, outcome.Err, context.Canceled)
			continue
		}
		require.NoError(t, outcome.Err)
	}
	assert.Len(t, seen.turns, len(costs), "each is answered once")
	through := slices.DeleteFunc(slices.Clone(seen.turns), func(g turn) bool { return g.given })
	require.Equal(t, len(costs)-len(gaveUp), len(through))
	for i := range through {
		require.Equal(t, told.turns[i].number, through[i].number, "who is number %d through", i)
		require.Equal(t, told.turns[i].at.Sub(began), through[i].at.Sub(began), "the turn of %d", through[i].number)
		require.Equal(t, told.turns[i].state, through[i].state, "the answer to %d", through[i].number)
	}
	assert.True(t, slices.IsSortedFunc(through, func(a, b turn) int { return a.number - b.number }), "the order of arrival")
	assert.Zero(t, seen.Stats().Waiting)
	for _, cancel := range cancels {
		cancel()
	}
}

// Two stand in line, of cost 2 and of cost 1; one between them has given up. In
// each bubble it is a Limit of another cost that would like to pass.
func TestNobodyOvertakes(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		for _, quota := range []string{"10/h", "10/h; 12/2h", "7/11s"} {
			for cost := int64(1); cost <= 7; cost++ {
				bubble(t, fmt.Sprintf("%v %s cost %d", algorithm, quota, cost), func(t *testing.T) {
					nobodyOvertakes(t, throttled.Config{Algorithm: algorithm, Quota: throttled.MustParseQuota(quota)}, cost)
				})
			}
		}
	}
}

func nobodyOvertakes(t *testing.T, cfg throttled.Config, cost int64) {
	a := newActor(t)
	defer a.Close()
	cfg.Store = a
	l := newLimiter(t, cfg)
	cfg.Timeout = throttled.Never // at a leaky bucket too, this is a line
	patient := newLimiter(t, cfg)

	time.Sleep(time.Second)
	capacity := only(t, l.Peek(t.Context(), key)).Result.Remaining()
	take(t, l, capacity-1)
	ctx, cancel := context.WithCancel(t.Context())
	first := patient.LimitN(t.Context(), key, 2)
	between := patient.LimitN(ctx, key, 5)
	second := patient.LimitN(t.Context(), key, 1)
	isUnanswered(t, between)
	cancel()
	assert.ErrorIs(t, only(t, between).Err, context.Canceled)
	isUnanswered(t, first)
	isUnanswered(t, second)

	outcome := only(t, l.LimitN(t.Context(), key, cost))
	require.NoError(t, outcome.Err)
	require.False(t, outcome.Result.Allowed, "one is left, and those who wait come first")
	assert.Zero(t, outcome.Result.Remaining())
	peek := only(t, l.Peek(t.Context(), key)).Result
	assert.False(t, peek.Allowed)
	assert.Zero(t, peek.Remaining())

	time.Sleep(outcome.Result.RetryAfter() - 1)
	synctest.Wait()
	assert.False(t, only(t, l.LimitN(t.Context(), key, cost)).Result.Allowed, "a nanosecond too soon")
	time.Sleep(time.Nanosecond)
	synctest.Wait()
	assert.True(t, only(t, l.LimitN(t.Context(), key, cost)).Result.Allowed, "at RetryAfter")
	assert.True(t, only(t, first).Result.Allowed)
	assert.True(t, only(t, second).Result.Allowed)
}

func TestATurnAtTheDeadlineIsTooLate(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		for _, ahead := range []int{0, 3} {
			bubble(t, fmt.Sprintf("%v behind %d", algorithm, ahead), func(t *testing.T) {
				l := newLimiter(t, throttled.Config{Algorithm: algorithm, Quota: ten})
				began := time.Now()
				take(t, l, 6)
				if algorithm != throttled.LeakyBucket { // where it has to wait, being full is not what it waits for
					take(t, l, 4)
				}
				for range ahead {
					isUnanswered(t, l.Wait(t.Context(), key))
				}
				before := only(t, l.Peek(t.Context(), key))

				told := only(t, l.Wait(deadline(t, 1), key))
				after := isLimited(t, told.Err).Result.RetryAfter()
				assert.Equal(t, told.Result, isLimited(t, told.Err).Result)
				told = only(t, l.Wait(deadline(t, after), key))
				isLimited(t, told.Err)
				assert.Zero(t, time.Since(began), "told at once")
				assert.Equal(t, before, only(t, l.Peek(t.Context(), key)), "nothing was charged")

				granted := l.Wait(deadline(t, after+1), key)
				isUnanswered(t, granted)
				require.NoError(t, (<-granted).Err)
				assert.Equal(t, after, time.Since(began))
			})
		}
	}
}

// deadline returns a context that ends after d, or with the test.
func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestTheCauseOfGivingUpIsTold(t *testing.T) {
	bubble(t, "cause", func(t *testing.T) {
		l := newLimiter(t, throttled.Config{Quota: ten})
		take(t, l, 10)
		cause := fmt.Errorf("the user left")
		ctx, cancel := context.WithCancelCause(context.Background())
		waiting := l.Wait(ctx, key)
		behind := l.Wait(t.Context(), key)
		isUnanswered(t, waiting)
		time.Sleep(time.Minute)
		cancel(cause)
		outcome := only(t, waiting)
		assert.ErrorIs(t, outcome.Err, context.Canceled)
		assert.ErrorIs(t, outcome.Err, cause)
		assert.Equal(t, key, outcome.Key)

		require.NoError(t, only(t, behind).Err)
		assert.EqualValues(t, 0, remaining(t, l, key))
	})
}

// A cost that takes all there is stands before small ones that would fit long
// before it, and behind it Limit asks again and again.
func TestALargeCostIsNotStarved(t *testing.T) {
	for _, algorithm := range everyAlgorithm {
		bubble(t, algorithm.String(), func(t *testing.T) {
			a := newActor(t)
			defer a.Close()
			cfg := throttled.Config{Algorithm: algorithm, Quota: ten, Store: a}
			l := newLimiter(t, cfg)
			cfg.Timeout = throttled.Never
			patient := newLimiter(t, cfg)

			time.Sleep(30 * time.Minute) // into the middle of a window
			take(t, l, 10)
			began := time.Now()
			large := patient.LimitN(t.Context(), key, 10)
			var small []<-chan throttled.Outcome
			for range 50 {
				small = append(small, patient.Limit(t.Context(), key))
			}
			isUnanswered(t, large)
			full := map[throttled.Algorithm]time.Duration{
				throttled.FixedWindow:   30 * time.Minute,
				throttled.SlidingWindow: 90 * time.Minute, // when the window with ten in it is the one before the last
			}[algorithm]
			if full == 0 {
				full = time.Hour
			}
			for time.Since(began) < full-time.Minute {
				time.Sleep(time.Minute)
				require.False(t, only(t, l.Limit(t.Context(), key)).Result.Allowed)
				isUnanswered(t, large)
			}
			assert.True(t, (<-large).Result.Allowed)
			assert.Equal(t, full, time.Since(began))
			for _, answer := range small {
				assert.True(t, (<-answer).Result.Allowed)
			}
		})
	}
}
