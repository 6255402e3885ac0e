package algorithm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// queued is some places in a line behind a state, gone through one by one.
type queued struct {
	law   *algorithm.Law
	first []int64 // the state before them
	at    int64   // the turn of the first
	costs []int64
	last  []int64 // the state after them
	turn  int64   // of the last
}

// randomLine has up to n places wait behind what random requests have left.
func randomLine(rng *rand.Rand, kind algorithm.Kind, rates []model.Rate, n int) queued {
	k := newKey(kind, rates...)
	now := domain.Epochs[rng.IntN(len(domain.Epochs))] / 2
	period := rates[rng.IntN(len(rates))].Period
	for range rng.IntN(6) {
		now += rng.Int64N(1 + period/(1+rng.Int64N(period)))
		switch cost := 1 + rng.Int64N(k.least()); rng.IntN(4) {
		case 0:
			k.law.Refund(k.state, now, cost)
		default:
			k.law.Limit(k.state, now, cost)
		}
	}
	q := queued{law: k.law, first: slices.Clone(k.state), last: k.state}
	least := k.least()
	cost := func() int64 { return 1 + rng.Int64N(least) }
	switch rng.IntN(5) {
	case 0:
		cost = func() int64 { return 1 }
	case 1:
		cost = func() int64 { return least - rng.Int64N(min(least, 3)) }
	case 2:
		few := 1 + rng.Int64N(least)
		cost = func() int64 { return 1 + rng.Int64N(few) }
	}
	turn := now
	for range n {
		c := cost()
		next := q.law.Peek(q.last, turn, c).Turn
		if next-now > 1<<60 {
			break
		}
		if turn = next; len(q.costs) == 0 {
			q.at = turn
		}
		q.law.Limit(q.last, turn, c)
		q.costs = append(q.costs, c)
	}
	q.turn = turn
	return q
}

// chained sums up all places from two halves, split where it pleases.
func chained(rng *rand.Rand, runs *algorithm.Runs, costs []int64) (*algorithm.Run, bool) {
	run := &algorithm.Run{}
	if len(costs) < 2 || rng.IntN(8) == 0 {
		ok := runs.Sum(run, &algorithm.Run{}, costs)
		return run, ok
	}
	middle := 1 + rng.IntN(len(costs)-1)
	first, ok1 := chained(rng, runs, costs[:middle])
	second, ok2 := chained(rng, runs, costs[middle:])
	return run, ok1 && ok2 && runs.Chain(run, first, second)
}

// What places do to a state all at once is what they do one after the other,
// whether they are summed up or chained, and whatever the state is.
func TestRunsEqualTheirPlaces(t *testing.T) {
	summed, refused := map[algorithm.Kind]int{}, 0
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 7))
		kind := walk.Kinds[rng.IntN(len(walk.Kinds))]
		rates := domain.Rates(rng, []int{1, 1, 2, 3, algorithm.MaxRates}[rng.IntN(5)])
		if rng.IntN(2) == 0 {
			rates = walk.Small(rng, 1+rng.IntN(3), 1)
		}
		q := randomLine(rng, kind, rates, 1+rng.IntN(60))
		runs := q.law.Runs()
		if len(q.costs) == 0 {
			continue
		}
		state := slices.Clone(q.first)
		require.Equal(t, q.turn, runs.Pass(q.costs, state, q.at))
		require.Equal(t, q.last, state, "one by one, seed %d: %v of %v", seed, kind, rates)
		var run, spare algorithm.Run
		if !runs.Sum(&run, &spare, q.costs) {
			refused++
			continue
		}
		summed[kind]++
		copy(state, q.first)
		runs.Through(&run, state, q.at)
		require.Equal(t, q.last, state, "seed %d: %v of %v", seed, kind, rates)

		middle := rng.IntN(len(q.costs))
		copy(state, q.first)
		for _, part := range [][]int64{q.costs[:middle], q.costs[middle:]} {
			if len(part) > 0 {
				require.True(t, runs.Sum(&run, &spare, part)) // into a run that was used before
				runs.Through(&run, state, q.at)
			}
		}
		require.Equal(t, q.last, state, "in two, seed %d: %v of %v", seed, kind, rates)

		if runs.Chains() {
			if whole, ok := chained(rng, runs, q.costs); ok {
				copy(state, q.first)
				runs.Through(whole, state, q.at)
				require.Equal(t, q.last, state, "chained, seed %d: %v of %v", seed, kind, rates)
			}
		}
	}
	for _, kind := range walk.Kinds {
		require.Greater(t, summed[kind], 500, "of %v", kind)
	}
	t.Logf("%v summed, %d refused", summed, refused)
}
