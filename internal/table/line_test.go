package table_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/table"
)

var lives = flag.Int("lives", 50, "how many random lives of a line each quota goes through")

// pair is the line at one bucket, in the table and in the model, which is told
// everything twice.
type pair struct {
	t       *testing.T
	plan    *throttled.Plan
	table   *table.Table
	model   *model.Line
	now     int64
	waiters map[*table.Waiter]int // the id in the model
	places  []*table.Waiter       // those who still wait
}

func newPair(t *testing.T, a throttled.Algorithm, quota string) *pair {
	plan := planOf(t, a, quota)
	return &pair{
		t: t, plan: plan, table: table.New(1, false), model: model.LineOf(plan),
		now: epoch, waiters: map[*table.Waiter]int{},
	}
}

func (p *pair) request(op throttled.Op, cost int64) *throttled.Request {
	return &throttled.Request{Plan: p.plan, Key: "k", Op: op, Cost: cost}
}

func (p *pair) same(want model.Answer, got throttled.Result, what string, args ...any) {
	p.t.Helper()
	state := got.State()
	require.Equal(p.t, want, model.Answer{
		Allowed: got.Allowed, Limit: state.Limit, Rate: state.Rate, Remaining: state.Remaining,
		ResetAfter: int64(state.ResetAfter), RetryAfter: int64(state.RetryAfter),
	}, fmt.Sprintf(what, args...))
}

func (p *pair) do(op throttled.Op, cost int64) {
	p.t.Helper()
	got, err := p.table.Do(p.now, p.request(op, cost))
	require.NoError(p.t, err)
	switch op {
	case throttled.OpLimit:
		p.same(p.model.Limit(p.now, cost), got, "limit %d at %d", cost, p.now)
	case throttled.OpPeek:
		p.same(p.model.Peek(p.now), got, "peek at %d", p.now)
	case throttled.OpRefund:
		p.same(p.model.Refund(p.now, cost), got, "refund %d at %d", cost, p.now)
	default:
		p.model.Reset(p.now)
		p.same(p.model.Peek(p.now), got, "reset at %d", p.now)
	}
	p.granted()
}

func (p *pair) join(op throttled.Op, cost, latest int64) {
	p.t.Helper()
	got, w, err := p.table.Join(p.now, latest, p.request(op, cost), nil)
	require.NoError(p.t, err)
	want := p.model.LimitBy
	if op == throttled.OpWait {
		want = p.model.Wait
	}
	place := want(p.now, cost, latest)
	require.Equal(p.t, place.Status == model.Waiting, w != nil, "join %d of %d at %d by %d", op, cost, p.now, latest)
	if w == nil {
		p.same(place.Answer, got, "join %d of %d at %d by %d", op, cost, p.now, latest)
	} else {
		p.waiters[w] = place.ID
		p.places = append(p.places, w)
	}
	p.granted()
}

// granted compares who was let through since it was last called.
func (p *pair) granted() {
	p.t.Helper()
	p.table.Settle(p.now)
	grants := p.model.Advance(p.now)
	for w := p.table.Ready(); w != nil; w = w.Next() {
		require.NotEmpty(p.t, grants, "granted too early at %d", p.now)
		require.Equal(p.t, grants[0].ID, p.waiters[w], "order at %d", p.now)
		res, err := w.Answer()
		require.NoError(p.t, err)
		p.same(grants[0].Answer, res, "turn of %d at %d", grants[0].ID, grants[0].At)
		grants = grants[1:]
		p.forget(w)
	}
	require.Empty(p.t, grants, "not granted at %d", p.now)
	wantAt, wantOK := p.model.Next()
	at, ok := p.table.Next()
	require.Equal(p.t, wantOK, ok)
	require.Equal(p.t, wantAt, at, "next turn after %d", p.now)
	require.EqualValues(p.t, p.model.Waiting(), p.table.Stats().Waiting)
}

func (p *pair) forget(w *table.Waiter) {
	for i, other := range p.places {
		if other == w {
			p.places = append(p.places[:i], p.places[i+1:]...)
		}
	}
}

func (p *pair) leave(w *table.Waiter) {
	p.t.Helper()
	left := p.table.Leave(p.now, w)
	require.Equal(p.t, p.model.Cancel(p.now, p.waiters[w]), left, "leave %d at %d", p.waiters[w], p.now)
	if left {
		p.forget(w)
	}
	p.granted()
}

// step does one random thing at a random later instant.
func (p *pair) step(random *rand.Rand, capacity int64, interval int64) {
	p.t.Helper()
	switch random.IntN(4) {
	case 0:
		p.now += random.Int64N(interval)
	case 1:
		p.now += random.Int64N(3 * interval)
	case 2:
		if at, ok := p.model.Next(); ok {
			p.now = max(p.now, at-1+random.Int64N(3))
		}
	}
	cost := random.Int64N(capacity/2 + 2)
	latest := int64(math.MaxInt64)
	if random.IntN(3) == 0 {
		latest = p.now + random.Int64N(4*interval)
	}
	switch n := random.IntN(20); {
	case n < 4:
		p.do(throttled.OpLimit, cost)
	case n < 5:
		p.do(throttled.OpPeek, 1)
	case n < 7:
		p.do(throttled.OpRefund, cost)
	case n < 8 && random.IntN(4) == 0:
		p.do(throttled.OpReset, 0)
	case n < 12 && len(p.places) > 0:
		p.leave(p.places[random.IntN(len(p.places))])
	case n < 14:
		p.join(throttled.OpLimit, cost, latest)
	default:
		p.join(throttled.OpWait, cost, latest)
	}
}

// Everything that can happen at a line happens in random order to the table and
// to the model, which works everything out again each time: all answers, all
// turns and all grants are the same, to the nanosecond.
func TestLineEqualsTheModel(t *testing.T) {
	quotas := []string{
		"10/s", "7/m burst 3", "3/s burst 10", "1/s", "1000000000/s burst 5", "3000000000/s burst 4",
		"10/s burst 4; 30/m burst 9", "7/m burst 5; 5/3s burst 20; 100/h", "3000000000/s burst 4; 7/2ns burst 3",
	}
	for a := throttled.TokenBucket; a <= throttled.SlidingWindow; a++ {
		for _, quota := range quotas {
			t.Run(a.String()+"/"+quota, func(t *testing.T) {
				t.Parallel()
				first := throttled.MustParseQuota(quota).Rates()[0]
				interval := max(2, int64(first.Period)/first.Limit)
				if a >= throttled.FixedWindow {
					interval = int64(first.Period)
				}
				for seed := range *lives {
					random := rand.New(rand.NewPCG(uint64(seed), uint64(a)))
					p := newPair(t, a, quota)
					p.now += random.Int64N(int64(time.Hour))
					for range 60 {
						p.step(random, max(first.Limit%100, first.Burst), interval)
					}
				}
			})
		}
	}
}
