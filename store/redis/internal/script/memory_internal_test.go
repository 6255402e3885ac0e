package script

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// TestLikeMemory compares with the exact model of a waiting line in memory, which
// charges nothing before its turn. As long as nobody gives up and nothing is
// given back, Redis, where places are charged as they are taken, says the same:
// every denial, every turn, and the answer at that turn.
func TestLikeMemory(t *testing.T) {
	s := startServer(t)
	for seed := range uint64(250) {
		rng := rand.New(rand.NewPCG(seed, 3))
		a := everyAlgorithm[seed%uint64(len(everyAlgorithm))]
		rates := walk.Small(rng, 1+rng.IntN(3), domain.MinPeriod)
		b := &pair{s: s, law: planOfRates(t, a, rates...), key: fmt.Sprint(seed), turns: map[int]Answer{}}
		b.line = model.NewLine(b.law.kind, rates...)
		now := noon
		for range 40 {
			now += rng.Int64N(2) * rng.Int64N(1500)
			b.step(rng, now)
		}
		for _, g := range b.line.Advance(now + 1e9) {
			told := b.turns[g.ID]
			require.Equal(t, g.Answer, inTicks(told), "seed %d: %v", seed, b.law.name)
			require.Equal(t, g.At, told.Bucket.now+told.Delay.Microseconds(), "seed %d: %v", seed, b.law.name)
			delete(b.turns, g.ID)
		}
		require.Empty(t, b.turns)
	}
}

// pair is one bucket twice: in Redis and as the model has it.
type pair struct {
	s     *server
	law   *Plan
	key   string
	line  *model.Line
	turns map[int]Answer // of places that the model has not granted yet
}

// step carries out something on both sides.
func (b *pair) step(rng *rand.Rand, now int64) {
	req := throttled.Request{Key: b.key, Cost: 1 + rng.Int64N(4)}
	within := []int64{0, 500, 5000}[rng.IntN(3)]
	req.Within = time.Duration(within) * time.Microsecond
	switch rng.IntN(4) {
	case 0:
		req.Within = 0
		require.Equal(b.s, b.line.Limit(now, req.Cost), inTicks(b.ask(now, req)))
	case 1:
		b.place(now, req, b.line.LimitBy(now, req.Cost, now+within))
	case 2:
		req.Op = throttled.OpWait
		b.place(now, req, b.line.Wait(now, req.Cost, now+within))
	default:
		req.Op, req.Cost = throttled.OpPeek, 1
		require.Equal(b.s, b.line.Peek(now), inTicks(b.ask(now, req)))
	}
}

func (b *pair) ask(now int64, req throttled.Request) Answer {
	got := b.s.ask(now, b.law.Operation(req))[0]
	require.NoError(b.s, got.Err)
	return got
}

// place compares an answer with that of the model, or keeps it until the model
// has one.
func (b *pair) place(now int64, req throttled.Request, want model.Place) {
	got := b.ask(now, req)
	if want.Status == model.Waiting {
		require.True(b.s, got.Result.Allowed)
		require.NotNil(b.s, got.Place)
		b.turns[want.ID] = got
		return
	}
	require.Nil(b.s, got.Place)
	require.Equal(b.s, want.Answer, inTicks(got), "%v: %+v", b.law.name, req)
}

// inTicks returns an answer in the form of the model's.
func inTicks(a Answer) model.Answer {
	s := a.Result.State()
	told := model.Answer{
		Allowed:    a.Result.Allowed,
		Limit:      s.Limit,
		Rate:       s.Rate,
		Remaining:  s.Remaining,
		ResetAfter: s.ResetAfter.Microseconds(),
		RetryAfter: model.Never,
	}
	if s.RetryAfter != throttled.Never {
		told.RetryAfter = s.RetryAfter.Microseconds()
	}
	return told
}
