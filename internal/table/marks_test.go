package table_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/table"
)

// marking is a table whose charges are marked. One unit leaks a second.
type marking struct {
	t     *testing.T
	table *table.Table
	plan  *throttled.Plan
	now   int64
}

func newMarking(t *testing.T, capacity int, a throttled.Algorithm, quota string) *marking {
	return &marking{t: t, table: table.New(capacity, false), plan: planOf(t, a, quota), now: epoch}
}

func (m *marking) request(key string, op throttled.Op, cost int64) *throttled.Request {
	return &throttled.Request{Plan: m.plan, Key: key, Op: op, Cost: cost, Within: throttled.Never}
}

// charge charges cost, which is to be allowed.
func (m *marking) charge(key string, cost int64) *charge.Mark {
	m.t.Helper()
	mark := new(charge.Mark)
	res, err := m.table.DoMarked(m.now, m.request(key, throttled.OpLimit, cost), mark)
	require.NoError(m.t, err)
	require.True(m.t, res.Allowed)
	return mark
}

func (m *marking) do(key string, op throttled.Op, cost int64) throttled.Result {
	m.t.Helper()
	res, err := m.table.Do(m.now, m.request(key, op, cost))
	require.NoError(m.t, err)
	return res
}

func (m *marking) giveBack(mark *charge.Mark) {
	m.table.GiveBack(m.now, mark)
	assert.Equal(m.t, charge.Mark{}, *mark)
}

func (m *marking) left(key string) int64 { return m.do(key, throttled.OpPeek, 1).Remaining() }

func (m *marking) sleep(d time.Duration) { m.now += int64(d) }

func TestOnlyAChargeIsMarked(t *testing.T) {
	m := newMarking(t, 10, throttled.TokenBucket, "1/s burst 10")
	m.charge("a", 3)
	for _, op := range []throttled.Op{throttled.OpPeek, throttled.OpRefund} {
		var mark charge.Mark
		res, err := m.table.DoMarked(m.now, m.request("a", op, 1), &mark)
		require.NoError(t, err)
		require.True(t, res.Allowed)
		require.Zero(t, mark)
	}
}

var meters = []throttled.Algorithm{throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA}

// TestGiveBackOfOneCharge is one example after the other, in each of which a plain
// Refund would give back what others have used.
func TestGiveBackOfOneCharge(t *testing.T) {
	for _, a := range meters {
		quota := "10/10s"
		for name, test := range map[string]func(m *marking){
			"all of it": func(m *marking) {
				mark := m.charge("a", 4)
				m.charge("a", 3)
				m.giveBack(mark)
				assert.EqualValues(m.t, 7, m.left("a"))
				m.giveBack(mark)
				assert.EqualValues(m.t, 7, m.left("a"), "once")
			},
			"what has not leaked": func(m *marking) {
				mark := m.charge("a", 4)
				m.charge("a", 3)
				m.sleep(3 * time.Second)
				m.giveBack(mark)
				assert.EqualValues(m.t, 7, m.left("a"))
			},
			"nothing once it has leaked": func(m *marking) {
				mark := m.charge("a", 4)
				m.sleep(4 * time.Second)
				m.charge("a", 10)
				m.giveBack(mark)
				assert.Zero(m.t, m.left("a"))
			},
			"less what was given back before it": func(m *marking) {
				first, second := m.charge("a", 5), m.charge("a", 5)
				m.giveBack(first)
				m.sleep(5 * time.Second)
				m.charge("a", 10)
				m.giveBack(second)
				assert.Zero(m.t, m.left("a"))
			},
			"not less for what was given back behind it": func(m *marking) {
				first, second := m.charge("a", 5), m.charge("a", 5)
				m.giveBack(second)
				m.giveBack(first)
				assert.EqualValues(m.t, 10, m.left("a"))
				assert.Zero(m.t, m.table.Stats().Size)
			},
			"less what was given back by Refund": func(m *marking) {
				m.charge("a", 4)
				mark := m.charge("a", 4)
				m.do("a", throttled.OpRefund, 5)
				m.giveBack(mark)
				assert.EqualValues(m.t, 10, m.left("a"), "3 of it were left")
				m.charge("a", 10)
			},
			"nothing after Refund made it fresh": func(m *marking) {
				mark := m.charge("a", 4)
				m.do("a", throttled.OpRefund, 4)
				m.charge("a", 4)
				m.giveBack(mark)
				assert.EqualValues(m.t, 6, m.left("a"))
			},
			"nothing after Reset": func(m *marking) {
				mark := m.charge("a", 4)
				m.do("a", throttled.OpReset, 0)
				m.charge("a", 4)
				m.giveBack(mark)
				assert.EqualValues(m.t, 6, m.left("a"))
			},
			"nothing after it was evicted": func(m *marking) {
				mark := m.charge("a", 4)
				m.charge("b", 1)
				m.charge("c", 1) // there are two places
				m.charge("a", 4)
				m.giveBack(mark)
				assert.EqualValues(m.t, 6, m.left("a"))
			},
			"nothing of a bucket that took its place": func(m *marking) {
				mark := m.charge("a", 4)
				m.charge("b", 1)
				m.charge("c", 4)
				m.giveBack(mark)
				assert.EqualValues(m.t, 6, m.left("c"))
			},
			"less where more was given back than is told apart": func(m *marking) {
				mark := m.charge("a", 5)
				for range 20 {
					m.giveBack(m.charge("a", 1))
				}
				assert.EqualValues(m.t, 5, m.left("a"))
				m.giveBack(mark)
				assert.EqualValues(m.t, 5, m.left("a"))
			},
			"nothing of what was denied or cost nothing": func(m *marking) {
				m.charge("a", 4)
				m.giveBack(m.charge("a", 0))
				mark := new(charge.Mark)
				_, err := m.table.DoMarked(m.now, m.request("a", throttled.OpLimit, 9), mark)
				require.NoError(m.t, err)
				m.giveBack(mark)
				assert.EqualValues(m.t, 6, m.left("a"))
			},
		} {
			t.Run(a.String()+"/"+name, func(t *testing.T) { test(newMarking(t, 2, a, quota)) })
		}
	}
}

func TestGiveBackToAWindow(t *testing.T) {
	for _, a := range []throttled.Algorithm{throttled.FixedWindow, throttled.SlidingWindow} {
		t.Run(a.String(), func(t *testing.T) {
			m := newMarking(t, 2, a, "10/10s")
			first, second := m.charge("a", 4), m.charge("a", 3)
			m.giveBack(first)
			assert.EqualValues(t, 7, m.left("a"))
			m.do("a", throttled.OpRefund, 2)
			m.giveBack(second)
			assert.EqualValues(t, 10, m.left("a"), "1 of it was left")

			late, later := m.charge("a", 4), m.charge("a", 6)
			m.sleep(10 * time.Second)
			m.giveBack(late)
			if a == throttled.SlidingWindow {
				assert.EqualValues(t, 4, m.left("a"), "the window before still counts")
			}
			m.sleep(10 * time.Second)
			m.charge("a", 10)
			m.giveBack(later)
			assert.Zero(t, m.left("a"))
		})
	}
}

// TestGiveBackWhileOthersWait: they move up, and nobody is let through beyond the
// quota. In the queue of a leaky bucket nothing is given back.
func TestGiveBackWhileOthersWait(t *testing.T) {
	for _, a := range meters {
		t.Run(a.String(), func(t *testing.T) {
			m := newMarking(t, 2, a, "10/10s")
			mark := m.charge("a", 10)
			op := throttled.OpWait
			if a == throttled.LeakyBucket {
				op = throttled.OpLimit
			}
			waited := new(charge.Mark)
			_, w, err := m.table.Join(m.now, m.now+int64(time.Hour), m.request("a", op, 4), waited)
			require.NoError(t, err)
			require.NotNil(t, w)
			m.sleep(time.Second)
			m.giveBack(mark)
			ready := m.table.Ready()
			require.Equal(t, w, ready)
			assert.EqualValues(t, 6, m.left("a"))
			m.giveBack(waited)
			assert.EqualValues(t, 10, m.left("a"))
		})
	}
	t.Run("a queue", func(t *testing.T) {
		m := newMarking(t, 2, throttled.LeakyBucket, "10/10s")
		mark := m.charge("a", 4)
		_, w, err := m.table.Join(m.now, m.now+int64(time.Hour), m.request("a", throttled.OpWait, 1), nil)
		require.NoError(t, err)
		require.NotNil(t, w)
		m.giveBack(mark)
		assert.EqualValues(t, 5, m.left("a"))
		at, _ := m.table.Next()
		assert.Equal(t, m.now+int64(4*time.Second), at)
	})
}

// TestGiveBackNeverMints lives through charges, refunds, waits and give-backs at a
// few keys and few places. Whatever was given back, never more is let through than
// the actual costs of the charges that the bucket remembers allow.
func TestGiveBackNeverMints(t *testing.T) {
	for _, a := range meters {
		for seed := range uint64(200) {
			t.Run(fmt.Sprint(a, " ", seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 7))
				m := newMarking(t, 1, a, "10/10s")
				var open []*spent
				var all []*spent
				for range 80 {
					m.sleep(time.Duration(rng.IntN(4)) * time.Second / 2)
					switch n := rng.IntN(10); {
					case n < 6:
						cost := 1 + rng.Int64N(5)
						mark := new(charge.Mark)
						res, err := m.table.DoMarked(m.now, m.request("a", throttled.OpLimit, cost), mark)
						require.NoError(t, err)
						if res.Allowed {
							s := &spent{at: m.now, cost: time.Duration(cost) * time.Second, mark: mark}
							open, all = append(open, s), append(all, s)
						}
					case len(open) > 0:
						i := rng.IntN(len(open))
						before := m.do("a", throttled.OpPeek, 1).ResetAfter()
						m.giveBack(open[i].mark)
						open[i].cost -= before - m.do("a", throttled.OpPeek, 1).ResetAfter()
						require.GreaterOrEqual(t, open[i].cost, time.Duration(0))
						open = append(open[:i], open[i+1:]...)
					}
					requireWithin(t, all, 10*time.Second)
				}
			})
		}
	}
}

// spent is a charge, in the time that it takes to leak, less what was given back.
type spent struct {
	at   int64
	cost time.Duration
	mark *charge.Mark
}

// requireWithin holds the actual costs to the quota.
func requireWithin(t *testing.T, all []*spent, full time.Duration) {
	t.Helper()
	level, at := time.Duration(0), int64(0)
	for _, s := range all {
		level = max(0, level-time.Duration(s.at-at)) + s.cost
		at = s.at
		require.LessOrEqual(t, level, full)
	}
}
