package table

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// What keeps a long line cheap, whoever comes and goes: there are few trees and
// they are low, no stretch is empty, and few sums are wrong when somebody has
// left. That the sums are true, TestCrowdEqualsTheModel tells.
func TestTallyStaysLow(t *testing.T) {
	for _, config := range []throttled.Config{
		{Quota: throttled.MustParseQuota("1/h burst 10")},
		{Quota: throttled.MustParseQuota("1/h burst 10; 2/3h burst 20; 100/w")},
		{Quota: throttled.MustParseQuota("10/h"), Algorithm: throttled.FixedWindow},
	} {
		plan, err := config.Plan()
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(4, 5))
		l := &line{}
		state := make([]int64, plan.Words())
		plan.Apply(state, 0, limit(10))
		var all []*Waiter
		most := 0
		for _, target := range []int{5000, 50, 1000, 0, 200} {
			for len(all) != target {
				place := random.IntN(len(all) + 1)
				if grow := target > len(all); grow == (random.IntN(4) > 0) {
					w := &Waiter{cost: 1}
					l.join(plan, state, 0, w)
					all = append(all, w)
				} else if place < len(all) {
					if w := all[place]; place == 0 {
						require.Same(t, w, l.grant(plan, state))
					} else {
						l.leave(plan, state, 0, w)
						if s, ok := l.tally.(*sums); ok {
							require.LessOrEqual(t, s.wrong, maxWrong)
						}
					}
					all = append(all[:place], all[place+1:]...)
				}
				most = max(most, len(all))
				if random.IntN(20) == 0 {
					sound(t, l, most)
				}
			}
			sound(t, l, most)
		}
	}
}

// sound looks through the trees of a line that had so many at most.
func sound(t *testing.T, l *line, most int) {
	t.Helper()
	if l.tally == nil {
		require.LessOrEqual(t, l.len, longLine)
		return
	}
	all := l.tally.(*sums)
	highest := bits.Len(uint(2*most/stretchLen + 1))
	waiting, wrong := 0, 0
	var look func(s *stretch) (depth int)
	look = func(s *stretch) int {
		if s.left == nil {
			waiting += s.len
			require.Positive(t, s.len)
			if s.wrong {
				wrong++
			}
			return 0
		}
		for _, below := range []*stretch{s.left, s.right} {
			require.Same(t, s, below.parent)
			require.Less(t, below.height, s.height)
			require.False(t, below.wrong && !s.wrong, "a sum of wrong ones is right")
		}
		return 1 + max(look(s.left), look(s.right))
	}
	for i, tree := range all.trees {
		require.Nil(t, tree.parent)
		depth := look(tree)
		require.LessOrEqual(t, depth, highest)
		if next := i + 1; all.runs.Chains() && next+1 < len(all.trees) {
			require.Greater(t, tree.height, all.trees[next].height)
		}
	}
	require.Equal(t, l.len, waiting)
	require.LessOrEqual(t, wrong, all.wrong)
	if all.runs.Chains() {
		require.LessOrEqual(t, len(all.trees), highest+2)
	}
}
