package model_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// ticker is a line without any turns: it goes from tick to tick and lets the first
// one in as often as that is allowed.
type ticker struct {
	bucket *model.Bucket
	now    int64
	line   []model.Grant // who waits; the instant is not known yet
	costs  map[int]int64
	grants []model.Grant
}

func (k *ticker) to(now int64) {
	for k.serve(); k.now < now; k.serve() {
		k.now++
	}
}

func (k *ticker) serve() {
	for len(k.line) > 0 {
		head := k.line[0]
		told := k.bucket.Limit(k.now, k.costs[head.ID])
		if !told.Allowed {
			return
		}
		k.grants = append(k.grants, model.Grant{ID: head.ID, At: k.now, Answer: told})
		k.line = k.line[1:]
	}
}

func (k *ticker) leave(id int) {
	for i, w := range k.line {
		if w.ID == id {
			k.line = append(k.line[:i:i], k.line[i+1:]...)
			return
		}
	}
}

// TestLineTickByTick compares the turns, new ones after a cancel, a refund or a
// reset included, with what comes of trying at every tick.
func TestLineTickByTick(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		kind, rates := walk.Kinds[rng.IntN(len(walk.Kinds))], walk.Small(rng, 1+rng.IntN(3), 1)
		l := model.NewLine(kind, rates...)
		k := &ticker{bucket: model.New(kind, rates...), costs: map[int]int64{}}
		var grants []model.Grant
		ids := 0
		for range 25 {
			now := k.now + rng.Int64N(8)*rng.Int64N(2)
			k.to(now)
			cost := 1 + rng.Int64N(4)
			switch rng.IntN(8) {
			case 0, 1:
				waiting := len(k.line) > 0
				want := k.bucket.Peek(now, cost)
				got := l.Limit(now, cost)
				require.Equal(t, want.Allowed && !waiting, got.Allowed, "seed %d", seed)
				if got.Allowed {
					want = k.bucket.Limit(now, cost)
				}
				if !waiting {
					require.Equal(t, want, got, "seed %d", seed)
				}
			case 2:
				id := 1 + rng.IntN(ids+1)
				l.Cancel(now, id)
				k.leave(id)
			case 3:
				l.Refund(now, cost)
				k.bucket.Refund(now, cost)
			case 4:
				l.Reset(now)
				k.bucket.Reset()
			default:
				p := l.LimitBy(now, cost, forever)
				if p.Status == model.Granted {
					require.Equal(t, k.bucket.Limit(now, cost), p.Answer, "seed %d", seed)
				}
				if p.Status == model.Waiting {
					ids, k.costs[p.ID] = p.ID, cost
					k.line = append(k.line, model.Grant{ID: p.ID})
				}
			}
			k.serve()
			grants = append(grants, l.Advance(now)...)
			require.Equal(t, k.grants, grants, "seed %d: %v of %v", seed, kind, rates)
		}
		k.to(k.now + 200)
		grants = append(grants, l.Advance(k.now)...)
		require.Equal(t, k.grants, grants, "seed %d: %v of %v", seed, kind, rates)
	}
}

// TestLineToldTurn: a Limit that is denied behind others is told when it would pass
// if nothing else came: after those others, and not a tick earlier.
func TestLineToldTurn(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		kind, rates := walk.Kinds[rng.IntN(len(walk.Kinds))], walk.Small(rng, 1+rng.IntN(3), 1)
		few := func() (*model.Line, int64) {
			rng := rand.New(rand.NewPCG(seed, 3))
			l, now := model.NewLine(kind, rates...), int64(100)
			for range 6 {
				now += rng.Int64N(3)
				l.LimitBy(now, 1+rng.Int64N(3), forever)
			}
			return l, now
		}
		cost := 1 + rng.Int64N(3)
		l, now := few()
		told := l.Limit(now, cost)
		require.Equal(t, told.Allowed, told.RetryAfter == 0)
		if told.Allowed || told.RetryAfter == model.Never {
			continue
		}
		require.True(t, l.Limit(now+told.RetryAfter, cost).Allowed, "seed %d", seed)
		early, _ := few()
		require.False(t, early.Limit(now+told.RetryAfter-1, cost).Allowed, "seed %d", seed)
		fresh, _ := few()
		last := fresh.Peek(now).ResetAfter
		require.Zero(t, fresh.Peek(now+last).ResetAfter, "seed %d", seed)
	}
}

// TestCancelLeavesNoTrace lets several come at once, one of whom leaves again: the
// others are granted as if it had never been there. In a queue it may even have been
// there for a while, since whoever comes out behind it comes out later than that.
func TestCancelLeavesNoTrace(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 4))
		kind, rates := walk.Kinds[rng.IntN(len(walk.Kinds))], walk.Small(rng, 1+rng.IntN(3), 1)
		leaves, later := 1+rng.IntN(6), int64(0)
		if kind == algorithm.LeakyBucket {
			rates, later = rates[:1], rng.Int64N(3)
		}
		with, left := come(seed, kind, rates, leaves, later)
		without, _ := come(seed, kind, rates, -leaves, later)
		if !left || kind == algorithm.LeakyBucket && len(with) < len(without) {
			continue // who found no room behind it would have found some
		}
		require.Equal(t, without, with, "seed %d: %v of %v", seed, kind, rates)
	}
}

// come lets requests come, but for the number leaves, which leaves again, or where
// it is negative never comes. It returns what the others were granted.
func come(seed uint64, kind algorithm.Kind, rates []model.Rate, leaves int, later int64) (grants []model.Grant, left bool) {
	rng := rand.New(rand.NewPCG(seed, 5))
	l, id := model.NewLine(kind, rates...), 0
	l.Limit(100, rates[0].Burst)
	for n := range 8 {
		cost := 1 + rng.Int64N(2)
		if n == -leaves {
			continue
		}
		p := l.Wait(100, cost, forever)
		if n == leaves {
			id = p.ID
		} else if p.Status == model.Granted {
			grants = append(grants, model.Grant{At: 100, Answer: p.Answer})
		}
	}
	left = id != 0 && l.Cancel(100+later, id)
	for _, g := range l.Advance(10_000) {
		grants = append(grants, model.Grant{At: g.At, Answer: g.Answer})
	}
	return grants, left
}
