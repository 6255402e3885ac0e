package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// That WaitByRetrying keeps the law is for storetest, which runs the example
// store there through it. This is about how it asks.

// tryScript is a try that answers what it is told, and notes what it is asked and
// when.
type tryScript struct {
	t       *testing.T
	began   time.Time
	answers []tryAnswer
	asked   []tryAsked
	last    func() // called after the last answer, if it is set
}

type tryAnswer struct {
	state throttled.State // allowed iff RetryAfter is 0
	err   error
}

type tryAsked struct {
	at time.Duration
	op throttled.Op
}

func (s *tryScript) try(req throttled.Request) (throttled.Result, error) {
	s.asked = append(s.asked, tryAsked{time.Since(s.began), req.Op})
	require.NotEmpty(s.t, s.answers, "asked once too often: %v", s.asked)
	a := s.answers[0]
	s.answers = s.answers[1:]
	if len(s.answers) == 0 && s.last != nil {
		s.last()
	}
	return throttled.NewResult(a.state.RetryAfter == 0, a.state), a.err
}

// denial is the answer with a RetryAfter and a ResetAfter; 0, 0 is a yes.
func denial(retry, reset time.Duration) tryAnswer {
	return tryAnswer{state: throttled.State{RetryAfter: retry, ResetAfter: reset}}
}

func TestWaitByRetrying(t *testing.T) {
	const (
		limit, wait, peek, refund, reset = throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpRefund, throttled.OpReset

		h = time.Hour
	)
	var (
		yes     = denial(0, 0)
		refused = tryAnswer{err: throttled.ErrClosed}
	)
	for _, c := range []struct {
		name      string
		algorithm throttled.Algorithm
		op        throttled.Op
		cost      int64
		within    time.Duration
		deadline  time.Duration // 0: none
		answers   []tryAnswer
		asked     []tryAsked
		retry     time.Duration // of the denial; 0: allowed
		err       error
	}{
		{"is asked once of what never waits", 0, peek, 1, 0, 0, []tryAnswer{denial(h, h)}, []tryAsked{{0, peek}}, h, nil},
		{"is asked once of a refund", 0, refund, 1, 0, 0, []tryAnswer{denial(h, h)}, []tryAsked{{0, refund}}, h, nil},
		{"is asked once of a reset", 0, reset, 0, 0, 0, []tryAnswer{yes}, []tryAsked{{0, reset}}, 0, nil},
		{"is asked once of nothing", throttled.LeakyBucket, wait, 0, throttled.Never, 0, []tryAnswer{yes}, []tryAsked{{0, wait}}, 0, nil},
		{"is asked once of what may not wait", 0, limit, 1, 0, 0, []tryAnswer{denial(1, h)}, []tryAsked{{0, limit}}, 1, nil},
		{"is asked once of what is allowed", 0, wait, 1, throttled.Never, 0, []tryAnswer{yes}, []tryAsked{{0, wait}}, 0, nil},
		{"is asked again at RetryAfter", 0, wait, 1, throttled.Never, 0, []tryAnswer{denial(h, h), yes}, []tryAsked{{0, wait}, {h, wait}}, 0, nil},
		{
			"loses its turn to others", 0, limit, 1, 2 * h, 0,
			[]tryAnswer{denial(h, h), denial(h, h), yes},
			[]tryAsked{{0, limit}, {h, limit}, {2 * h, limit}},
			0, nil,
		},
		{
			"loses its turn until it is too late", 0, limit, 1, 2 * h, 0,
			[]tryAnswer{denial(h, h), denial(h+1, h)},
			[]tryAsked{{0, limit}, {h, limit}},
			h + 1, nil,
		},
		{
			"loses its turn until the deadline", 0, wait, 1, throttled.Never, 2 * h,
			[]tryAnswer{denial(h, h), denial(h, h)},
			[]tryAsked{{0, wait}, {h, wait}},
			h, nil,
		},
		{"waits for nothing that never comes", 0, wait, 9, throttled.Never, 0, []tryAnswer{denial(throttled.Never, h)}, []tryAsked{{0, wait}}, throttled.Never, nil},
		{"returns an error as it is", 0, wait, 1, throttled.Never, 0, []tryAnswer{denial(h, h), refused}, []tryAsked{{0, wait}, {h, wait}}, 0, throttled.ErrClosed},
		{
			"enters a leaky bucket and sleeps", throttled.LeakyBucket, wait, 1, throttled.Never, 0,
			[]tryAnswer{denial(0, 2*h), denial(0, h), denial(0, 3*h)},
			[]tryAsked{{0, peek}, {0, wait}, {0, peek}},
			0, nil,
		},
		{
			"does not enter if it would be let out too late", throttled.LeakyBucket, wait, 1, 2*h - 1, 0,
			[]tryAnswer{denial(0, 2*h)},
			[]tryAsked{{0, peek}},
			2 * h, nil,
		},
		{
			"leaves again if another entered meanwhile", throttled.LeakyBucket, wait, 1, 2 * h, 0,
			[]tryAnswer{denial(0, 2*h), denial(0, h), denial(0, 4*h), yes},
			[]tryAsked{{0, peek}, {0, wait}, {0, peek}, {0, refund}},
			3 * h, nil,
		},
		{
			"is turned away by a full leaky bucket", throttled.LeakyBucket, wait, 1, throttled.Never, 0,
			[]tryAnswer{denial(h, 5*h), denial(2*h, 5*h)},
			[]tryAsked{{0, peek}, {0, wait}},
			2 * h, nil,
		},
		{"cannot look", throttled.LeakyBucket, wait, 1, throttled.Never, 0, []tryAnswer{refused}, []tryAsked{{0, peek}}, 0, throttled.ErrClosed},
		{
			"cannot look again", throttled.LeakyBucket, wait, 1, throttled.Never, 0,
			[]tryAnswer{denial(0, h), denial(0, h), refused, yes},
			[]tryAsked{{0, peek}, {0, wait}, {0, peek}, {0, refund}},
			0, throttled.ErrClosed,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tryScript{t: t, began: time.Now(), answers: c.answers}
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				req := throttled.Request{Plan: planOf(t, c.algorithm, "24/d burst 5"), Key: "user:42", Op: c.op, Cost: c.cost, Within: c.within}
				res, err := store.WaitByRetrying(ctx, req, s.try)
				assert.Equal(t, c.err, err)
				if err == nil {
					assert.Equal(t, c.retry == 0, res.Allowed)
					assert.Equal(t, c.retry, res.RetryAfter())
				}
				assert.Equal(t, c.asked, s.asked)
			})
		})
	}
}

func TestWaitByRetryingGivesUp(t *testing.T) {
	const wait, refund, h = throttled.OpWait, throttled.OpRefund, time.Hour
	var (
		reason  = errors.New("a reason of its own")
		yes     = denial(0, 0)
		refused = tryAnswer{err: throttled.ErrClosed}
	)
	for _, c := range []struct {
		name      string
		algorithm throttled.Algorithm
		answers   []tryAnswer
		last      throttled.Op
		also      error
	}{
		{"before it has anything", throttled.TokenBucket, []tryAnswer{denial(2*h, h)}, wait, nil},
		{"and gives back", throttled.LeakyBucket, []tryAnswer{denial(0, 2*h), denial(0, h), denial(0, 3*h), yes}, refund, nil},
		{"and cannot give back", throttled.LeakyBucket, []tryAnswer{denial(0, 2*h), denial(0, h), denial(0, 3*h), refused}, refund, throttled.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &tryScript{t: t, began: time.Now(), answers: c.answers}
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(h, func() { cancel(reason) })
				req := throttled.Request{Plan: planOf(t, c.algorithm, "24/d burst 5"), Key: "user:42", Op: wait, Cost: 1, Within: throttled.Never}
				_, err := store.WaitByRetrying(ctx, req, s.try)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, reason)
				assert.ErrorContains(t, err, `throttled: gave up waiting for key "user:42"`)
				if c.also != nil {
					assert.ErrorIs(t, err, c.also)
				}
				assert.Equal(t, h, time.Since(s.began))
				assert.Equal(t, c.last, s.asked[len(s.asked)-1].op)
				assert.Empty(t, s.answers)
			})
		})
	}
}

func TestWaitByRetryingAsksNothingOnceTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &tryScript{t: t}
	_, err := store.WaitByRetrying(ctx, throttled.Request{Plan: planOf(t, 0, "5/h"), Key: "user:42", Op: throttled.OpLimit, Cost: 1}, s.try)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "throttled: ")
	assert.Empty(t, s.asked)
}

// A turn whose instant has come is granted, whatever the context says.
func TestWaitByRetryingGrantsWhatHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 { // the timer and the context are both ready: either may be seen
			ctx, cancel := context.WithCancel(t.Context())
			s := &tryScript{t: t, answers: []tryAnswer{denial(0, 0), denial(0, time.Hour), denial(0, time.Hour)}, last: cancel}
			req := throttled.Request{
				Plan: planOf(t, throttled.LeakyBucket, "24/d burst 5"), Key: "user:42", Op: throttled.OpWait, Cost: 1, Within: throttled.Never,
			}
			res, err := store.WaitByRetrying(ctx, req, s.try)
			require.NoError(t, err)
			require.True(t, res.Allowed)
		}
	})
}
