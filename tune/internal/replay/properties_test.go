package replay_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// quotas have bursts of at least their limits, but for the last.
var quotas = []string{"3/s", "5/s burst 8", "7/2s; 20/m", "1/s", "4/s burst 2"}

// random returns a workload of a few busy keys, whose requests often come at
// one instant or a whole period apart.
func random(seed uint64) *workload.Workload {
	r := rand.New(rand.NewPCG(seed, 0))
	var asks []ask
	now := 0.0
	for range 200 {
		now += []float64{0, 0, 0.05, 0.125, 0.5, 1}[r.IntN(6)]
		asks = append(asks, ask{now, "key" + strconv.Itoa(r.IntN(12)), r.Int64N(4)})
	}
	return trace(asks...)
}

// each calls check for every quota on a number of random workloads.
func each(t *testing.T, check func(t *testing.T, w *workload.Workload, quota throttled.Quota, o replay.Outcome, within []bool)) {
	for _, text := range quotas {
		t.Run(text, func(t *testing.T) {
			quota := throttled.MustParseQuota(text)
			for seed := range uint64(10) {
				w := random(seed)
				result, outcomes := run(t, w, text, 1, 2, 4, 8)
				within := naiveWithin(w, quota)
				stayed := 0
				for _, in := range within {
					if in {
						stayed++
					}
				}
				require.Equal(t, stayed, result.Within)
				for _, o := range outcomes {
					check(t, w, quota, o, within)
				}
			}
		})
	}
}

// naiveGreatest looks at the span that begins at each request.
func naiveGreatest(w *workload.Workload, key int, period int64, counted func(i int) bool) (most int64) {
	var of []workload.Request
	for i, r := range w.Requests {
		if int(r.Key) == key && counted(i) {
			of = append(of, r)
		}
	}
	for _, begin := range of {
		var sum int64
		for _, r := range of {
			if r.At >= begin.At && r.At < begin.At+period {
				sum += r.Cost
			}
		}
		most = max(most, sum)
	}
	return most
}

func naiveWithin(w *workload.Workload, quota throttled.Quota) []bool {
	within := make([]bool, len(w.Keys))
	for key := range within {
		within[key] = true
		for _, rate := range quota.Rates() {
			if naiveGreatest(w, key, int64(rate.Period), func(int) bool { return true }) > rate.Limit {
				within[key] = false
			}
		}
	}
	return within
}

func TestUnfairAndPeaksAreWhatANaiveCountFinds(t *testing.T) {
	each(t, func(t *testing.T, w *workload.Workload, quota throttled.Quota, o replay.Outcome, within []bool) {
		var unfair replay.Unfair
		clients := map[int32]bool{}
		for i, r := range w.Requests {
			if within[r.Key] && !o.Allowed[i] {
				unfair.Denied++
				clients[r.Key] = true
			}
		}
		unfair.Clients = len(clients)
		require.Equal(t, unfair, o.Unfair)
		for i, rate := range quota.Rates() {
			above := 0
			most, over := int64(0), int64(0)
			for key := range w.Keys {
				n := naiveGreatest(w, key, int64(rate.Period), func(i int) bool { return o.Allowed[i] })
				most = max(most, n)
				if n > rate.Limit {
					above++
					over += n - rate.Limit
				}
			}
			require.Equal(t, over, o.Peaks[i].Over)
			require.Equal(t, most, o.Peaks[i].Cost)
			require.Equal(t, above, o.Peaks[i].Above)
		}
	})
}

// TestBackendIsWhatANaiveCountFinds: of all clients together, as if they were
// one.
func TestBackendIsWhatANaiveCountFinds(t *testing.T) {
	each(t, func(t *testing.T, w *workload.Workload, quota throttled.Quota, o replay.Outcome, _ []bool) {
		one := &workload.Workload{Keys: []string{"all"}, Requests: slices.Clone(w.Requests)}
		for i := range one.Requests {
			one.Requests[i].Key = 0
		}
		spans := map[time.Duration]bool{time.Second: true}
		for _, rate := range quota.Rates() {
			spans[rate.Period] = true
		}
		require.Len(t, o.Backend, len(spans))
		for i, load := range o.Backend {
			require.True(t, spans[load.Span])
			require.True(t, i == 0 || o.Backend[i-1].Span < load.Span)
			require.Equal(t, naiveGreatest(one, 0, int64(load.Span), func(int) bool { return true }), load.Asked)
			require.Equal(t, naiveGreatest(one, 0, int64(load.Span), func(i int) bool { return o.Allowed[i] }), load.Passed)
		}
	})
}

// TestWhoIsNeverUnfair holds the advice to what it says: a fixed window, and a
// bucket of at least its limit, deny nobody who stays within the quota.
func TestWhoIsNeverUnfair(t *testing.T) {
	denied := map[string]int64{}
	each(t, func(t *testing.T, _ *workload.Workload, quota throttled.Quota, o replay.Outcome, _ []bool) {
		small := slices.ContainsFunc(quota.Rates(), func(r throttled.Rate) bool { return r.Burst != 0 && r.Burst < r.Limit })
		switch {
		case o.Algorithm == throttled.SlidingWindow:
			denied["sliding window"] += o.Unfair.Denied
		case small && o.Algorithm != throttled.FixedWindow:
			denied["small burst"] += o.Unfair.Denied
		default:
			require.Zero(t, o.Unfair)
		}
	})
	require.Positive(t, denied["sliding window"])
	require.Positive(t, denied["small burst"])
}

// TestLiveIsExact: as many places as were live at once evict nothing and
// answer as with room for everybody, and one place fewer must evict.
func TestLiveIsExact(t *testing.T) {
	each(t, func(t *testing.T, w *workload.Workload, quota throttled.Quota, o replay.Outcome, _ []bool) {
		require.Greater(t, o.Live, 1)
		result, err := replay.Run(replay.Options{Workload: w, Quota: quota, Sizes: []int{o.Live - 1, o.Live}})
		require.NoError(t, err)
		again := result.Outcomes[o.Algorithm]
		require.Equal(t, o.Live-1, again.Bounded[0].Size)
		require.Positive(t, again.Bounded[0].Evictions)
		enough := again.Bounded[1]
		require.Zero(t, enough.Evictions)
		require.Zero(t, enough.Forgiven)
		require.Equal(t, o.Totals, enough.Totals)
	})
}

func TestTheLastTableHoldsAll(t *testing.T) {
	each(t, func(t *testing.T, _ *workload.Workload, _ throttled.Quota, o replay.Outcome, _ []bool) {
		last := o.Bounded[len(o.Bounded)-1]
		require.Equal(t, 1024, last.Size)
		require.Zero(t, last.Evictions)
		require.Equal(t, o.Totals, last.Totals)
	})
}

// TestSavedIsWhatACacheOfStatesWouldSave keeps copies of the states that came
// with denials, as a process beside Redis would, and asks them.
func TestSavedIsWhatACacheOfStatesWouldSave(t *testing.T) {
	type kept struct {
		state []int64
		until int64
	}
	each(t, func(t *testing.T, w *workload.Workload, quota throttled.Quota, o replay.Outcome, _ []bool) {
		plan := throttled.Must(throttled.Config{Quota: quota, Algorithm: o.Algorithm}.Plan())
		states := map[int32][]int64{}
		cache := map[int32]kept{}
		var trips replay.RoundTrips
		for i, r := range w.Requests {
			if states[r.Key] == nil {
				states[r.Key] = make([]int64, plan.Words())
			}
			req := throttled.Request{Plan: plan, Op: throttled.OpPeek, Cost: r.Cost}
			if c, ok := cache[r.Key]; ok && r.At < c.until {
				if res, _ := plan.Apply(c.state, r.At, req); !res.Allowed {
					trips.Saved++
					require.False(t, o.Allowed[i], "the cache is right")
					continue
				}
			}
			res, _ := plan.Limit(states[r.Key], r.At, r.Cost)
			require.Equal(t, res.Allowed, o.Allowed[i])
			trips.Sent++
			delete(cache, r.Key)
			if !res.Allowed {
				cache[r.Key] = kept{slices.Clone(states[r.Key]), r.At + int64(time.Second)}
			}
		}
		require.Equal(t, trips, o.Redis)
	})
}
