package table

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// The batches of a long line at several windows are those who wait, in their order,
// whoever comes and goes, and no block is kept in which nobody waits. That what they
// are charged is true, TestCrowdEqualsTheModel tells.
func TestBatchesAreTheLine(t *testing.T) {
	for name, cost := range map[string]func(random *rand.Rand) int64{
		"equal":  func(*rand.Rand) int64 { return 1 },
		"runs":   func(random *rand.Rand) int64 { return 1 + max(0, random.Int64N(20)-18) },
		"varied": func(random *rand.Rand) int64 { return 1 + random.Int64N(10) },
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := throttled.Config{Quota: throttled.MustParseQuota("10/h; 100/d"), Algorithm: throttled.FixedWindow}.Plan()
			require.NoError(t, err)
			random := rand.New(rand.NewPCG(6, 7))
			l := &line{}
			state := make([]int64, plan.Words())
			plan.Apply(state, 0, limit(10))
			var all []*Waiter
			for _, target := range []int{2000, 50, 500, 0, 200} {
				for len(all) != target {
					place := random.IntN(len(all) + 1)
					if grow := target > len(all); grow == (random.IntN(4) > 0) {
						w := &Waiter{cost: cost(random)}
						l.join(plan, state, 0, w)
						all = append(all, w)
						require.False(t, w.queues())
					} else if place < len(all) {
						if w := all[place]; place == 0 {
							require.Same(t, w, l.grant(plan, state))
						} else {
							l.leave(plan, state, 0, w)
						}
						all = append(all[:place], all[place+1:]...)
					}
					if random.IntN(50) == 0 {
						requireBatches(t, l)
					}
				}
				requireBatches(t, l)
				if b, ok := l.tally.(*batches); ok && name == "equal" {
					require.Equal(t, 1, b.blocks.Len())
					require.Equal(t, 1, b.last().len)
				}
			}
		})
	}
}

func requireBatches(t *testing.T, l *line) {
	t.Helper()
	if l.tally == nil {
		require.LessOrEqual(t, l.len, longLine)
		return
	}
	var want, got []int64
	for w := l.head; w != nil; w = w.next {
		want = append(want, w.cost)
	}
	all := l.tally.(*batches)
	for place := all.blocks.Front(); place != nil; place = place.Next() {
		b := place.Value.(*block)
		require.Same(t, place, all.numbered[b.number])
		waiting := 0
		for _, batch := range b.batches[:b.len] {
			waiting += int(batch.places)
			for range batch.places {
				got = append(got, batch.cost)
			}
		}
		require.Positive(t, waiting)
		require.Equal(t, b.waiting, waiting)
	}
	require.Equal(t, want, got)
	require.Len(t, all.numbered, all.blocks.Len())
}

// TestBatchesForgetWhoLeft has others come and leave behind those who stay: no more
// blocks are kept than there are waiters.
func TestBatchesForgetWhoLeft(t *testing.T) {
	plan, err := throttled.Config{Quota: throttled.MustParseQuota("10/h; 100/d"), Algorithm: throttled.FixedWindow}.Plan()
	require.NoError(t, err)
	for name, keeps := range map[string]func(i int) bool{
		"all leave":       func(int) bool { return false },
		"some stay a bit": func(i int) bool { return i%5 < 3 },
	} {
		t.Run(name, func(t *testing.T) {
			l := &line{}
			state := make([]int64, plan.Words())
			plan.Apply(state, 0, limit(10))
			join := func(i int) *Waiter {
				w := &Waiter{cost: 1 + int64(i%10)}
				l.join(plan, state, 0, w)
				return w
			}
			for i := range 2 * longLine {
				join(i)
			}
			var stayed []*Waiter
			for i := range 10_000 {
				if w := join(i); keeps(i) {
					stayed = append(stayed, w)
				} else {
					l.leave(plan, state, 0, w)
				}
				if len(stayed) > 10 {
					l.leave(plan, state, 0, stayed[0])
					stayed = stayed[1:]
				}
				if blocks := l.tally.(*batches).blocks.Len(); blocks > l.len {
					require.LessOrEqual(t, blocks, l.len, "after %d", i)
				}
			}
			requireBatches(t, l)
		})
	}
}
