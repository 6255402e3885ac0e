package table_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
)

// epoch is some day in 2026.
const epoch = 1_790_000_000_000_000_000

func planOf(t testing.TB, a throttled.Algorithm, quota string) *throttled.Plan {
	t.Helper()
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	return plan
}

// naive is a table as one would explain it: a list in order of use, searched
// from end to end.
type naive struct {
	capacity int
	denyNew  bool
	buckets  []*naiveBucket // the last was used last
	stats    table.Stats
}

type naiveBucket struct {
	name    string
	state   []int64
	expires int64
}

func (n *naive) do(now int64, req throttled.Request) (throttled.Result, error) {
	name := req.Plan.Name() + ":" + req.Key
	at := slices.IndexFunc(n.buckets, func(b *naiveBucket) bool { return b.name == name })
	if at < 0 {
		return n.doFresh(now, name, req)
	}
	b := n.buckets[at]
	if b.expires <= now {
		n.stats.Expirations++
		n.stats.Misses++
	} else {
		n.stats.Hits++
	}
	res, keep := req.Plan.Apply(b.state, now, req)
	if keep == 0 {
		n.buckets = slices.Delete(n.buckets, at, at+1)
	} else if req.Op != throttled.OpPeek {
		b.expires = now + int64(keep)
		n.buckets = append(slices.Delete(n.buckets, at, at+1), b)
	}
	return res, nil
}

func (n *naive) doFresh(now int64, name string, req throttled.Request) (throttled.Result, error) {
	n.stats.Misses++
	state := make([]int64, req.Plan.Words())
	res, keep := req.Plan.Apply(state, now, req)
	if keep == 0 {
		return res, nil
	}
	full := len(n.buckets) == n.capacity
	if !n.dropDead(now-int64(time.Second)) && full && !n.dropDead(now) {
		if n.denyNew {
			return throttled.Result{}, throttled.ErrFull
		}
		n.stats.Evictions++
		n.buckets = n.buckets[1:]
	}
	n.buckets = append(n.buckets, &naiveBucket{name, state, now + int64(keep)})
	return res, nil
}

// dropDead drops the bucket that expired the longest ago.
func (n *naive) dropDead(now int64) bool {
	first := -1
	for i, b := range n.buckets {
		if b.expires <= now && (first < 0 || b.expires < n.buckets[first].expires) {
			first = i
		}
	}
	if first < 0 {
		return false
	}
	n.stats.Expirations++
	n.buckets = slices.Delete(n.buckets, first, first+1)
	return true
}

func TestTableEqualsANaiveOne(t *testing.T) {
	// No windows: many of their buckets expire at one instant, and which of
	// them goes first is left open.
	plans := []*throttled.Plan{
		planOf(t, throttled.TokenBucket, "3/s burst 5"),
		planOf(t, throttled.GCRA, "3/s burst 5"),
		planOf(t, throttled.GCRA, "7/m"),
		planOf(t, throttled.LeakyBucket, "10/s; 100/m; 1000/h"),
	}
	ops := []throttled.Op{
		throttled.OpLimit, throttled.OpLimit, throttled.OpLimit, throttled.OpLimit, throttled.OpLimit,
		throttled.OpPeek, throttled.OpRefund, throttled.OpReset,
	}
	for _, capacity := range []int{1, 2, 15, 16, 17, 100, 1023, 1100} {
		for _, denyNew := range []bool{false, true} {
			t.Run(strconv.Itoa(capacity)+"/"+strconv.FormatBool(denyNew), func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(capacity), 7))
				tab, want := table.New(capacity, denyNew), &naive{capacity: capacity, denyNew: denyNew}
				now := int64(epoch)
				for range 20_000 {
					now += random.Int64N(int64(2*time.Second) / int64(capacity))
					req := throttled.Request{
						Plan: plans[random.IntN(len(plans))],
						Key:  "key" + strconv.Itoa(random.IntN(capacity)),
						Op:   ops[random.IntN(len(ops))],
						Cost: random.Int64N(4),
					}
					got, err := tab.Do(now, &req)
					wanted, wantErr := want.do(now, req)
					require.Equal(t, wantErr, err)
					require.Equal(t, wanted.State(), got.State())
					require.Equal(t, wanted.Allowed, got.Allowed)
					want.stats.Size = int64(len(want.buckets))
					require.Equal(t, want.stats, tab.Stats())
				}
				require.NotZero(t, want.stats.Expirations)
			})
		}
	}
}

func TestEqualPlansShareABucket(t *testing.T) {
	tab := table.New(4, false)
	one, two := planOf(t, throttled.GCRA, "2/h"), planOf(t, throttled.GCRA, "2 per hour")
	require.NotSame(t, one, two)
	for i, plan := range []*throttled.Plan{one, two, one, two} {
		res, err := tab.Do(epoch, &throttled.Request{Plan: plan, Key: "k", Cost: 1})
		require.NoError(t, err)
		require.Equal(t, i < 2, res.Allowed)
	}
}

func TestKeysAreCopied(t *testing.T) {
	tab, plan := table.New(4, false), planOf(t, throttled.TokenBucket, "1/h")
	for _, key := range []string{"", "a", "longer than the one before", "\x00", "ключ"} {
		res, err := tab.Do(epoch, &throttled.Request{Plan: plan, Key: key, Cost: 1})
		require.NoError(t, err)
		require.True(t, res.Allowed, key)
	}
	require.EqualValues(t, 4, tab.Stats().Size)
}

func TestEveryKeyHasItsOwnBucket(t *testing.T) {
	keys := []string{""}
	for _, c := range []string{"\x00", "a", "\xff"} {
		for length := 1; length <= 40; length++ {
			keys = append(keys, strings.Repeat(c, length))
		}
	}
	plans := []*throttled.Plan{
		planOf(t, throttled.TokenBucket, "1/h"),
		planOf(t, throttled.TokenBucket, "1/h; 10/d"),
		planOf(t, throttled.LeakyBucket, "7/h burst 1"),
		planOf(t, throttled.FixedWindow, "1/h"),
		planOf(t, throttled.SlidingWindow, "1/h"),
		planOf(t, throttled.SlidingWindow, "1/h; 10/d"),
	}
	tab := table.New(len(keys)*len(plans), true)
	for _, allowed := range []bool{true, false} {
		for _, plan := range plans {
			for _, key := range keys {
				res, err := tab.Do(epoch, &throttled.Request{Plan: plan, Key: key, Cost: 1})
				require.NoError(t, err)
				require.Equal(t, allowed, res.Allowed, "%s:%q", plan.Name(), key)
			}
		}
	}
}
