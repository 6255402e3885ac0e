package replay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// ask is a request of a trace made by hand.
type ask struct {
	second float64
	key    string
	cost   int64
}

// trace makes a workload of requests in the order of time. It begins at a
// boundary of every window up to a day.
func trace(asks ...ask) *workload.Workload {
	w := &workload.Workload{}
	places := map[string]int32{}
	for _, a := range asks {
		if _, ok := places[a.key]; !ok {
			places[a.key] = int32(len(w.Keys))
			w.Keys = append(w.Keys, a.key)
		}
		at := workload.Start.Add(time.Duration(a.second * float64(time.Second)))
		w.Requests = append(w.Requests, workload.Request{At: at.UnixNano(), Cost: a.cost, Key: places[a.key]})
	}
	return w
}

// run replays w and returns what each algorithm did.
func run(t *testing.T, w *workload.Workload, quota string, sizes ...int) (*replay.Result, map[throttled.Algorithm]replay.Outcome) {
	result, err := replay.Run(replay.Options{Workload: w, Quota: throttled.MustParseQuota(quota), Sizes: sizes})
	require.NoError(t, err)
	outcomes := map[throttled.Algorithm]replay.Outcome{}
	for _, o := range result.Outcomes {
		outcomes[o.Algorithm] = o
	}
	require.Len(t, outcomes, 5)
	return result, outcomes
}

func TestStayedWithin(t *testing.T) {
	for name, c := range map[string]struct {
		quota string
		asks  []ask
		want  int
	}{
		"the limit in one period":                    {"2/s", []ask{{0, "a", 1}, {0.999, "a", 1}}, 1},
		"one more than that":                         {"2/s", []ask{{0, "a", 1}, {0.5, "a", 1}, {0.999, "a", 1}}, 0},
		"a whole period apart is another span":       {"2/s", []ask{{0, "a", 2}, {1, "a", 2}, {2, "a", 2}}, 1},
		"a span that no window has":                  {"2/s", []ask{{0.6, "a", 2}, {1.5, "a", 1}}, 0},
		"a cost above the limit":                     {"2/s", []ask{{0, "a", 3}}, 0},
		"cost 0 is nothing":                          {"2/s", []ask{{0, "a", 2}, {0, "a", 0}}, 1},
		"each client by itself":                      {"2/s", []ask{{0, "a", 2}, {0, "b", 2}, {0.1, "c", 2}, {0.2, "c", 1}}, 2},
		"every rate must hold":                       {"2/s; 3/m", []ask{{0, "a", 2}, {1, "a", 2}, {2, "b", 2}}, 1},
		"the burst neither helps":                    {"2/s burst 9", []ask{{0, "a", 3}}, 0},
		"nor hurts":                                  {"2/s burst 1", []ask{{0, "a", 2}}, 1},
		"what was denied counts as asked for":        {"2/m", []ask{{0, "a", 2}, {30, "a", 1}, {60, "a", 1}}, 0},
		"a denial long ago does not excuse the next": {"2/s", []ask{{0, "a", 9}, {5, "a", 1}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			result, _ := run(t, trace(c.asks...), c.quota)
			require.Equal(t, c.want, result.Within)
		})
	}
}

// TestUnfair has a client that makes its 10 at the beginning of one second and
// 10 more at the beginning of the second after the next period has begun:
// never more than 10 in a period, but the sliding window takes the first 10 as
// spread over their second.
func TestUnfair(t *testing.T) {
	w := trace(ask{0, "good", 10}, ask{0, "bad", 11}, ask{0.1, "bad", 8}, ask{1.25, "good", 2}, ask{1.25, "good", 8})
	result, outcomes := run(t, w, "10/s")
	require.Equal(t, 1, result.Within)
	require.Equal(t, replay.Unfair{Denied: 1, Clients: 1}, outcomes[throttled.SlidingWindow].Unfair)
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow} {
		require.Zero(t, outcomes[algorithm].Unfair)
	}
	require.Equal(t, replay.Totals{Allowed: 4, Denied: 1, AllowedCost: 28, DeniedCost: 11}, outcomes[throttled.FixedWindow].Totals)
	require.Equal(t, replay.Totals{Allowed: 3, Denied: 2, AllowedCost: 20, DeniedCost: 19}, outcomes[throttled.SlidingWindow].Totals)
	require.Equal(t, []bool{true, false, true, true, false}, outcomes[throttled.SlidingWindow].Allowed)
}

func TestASmallBurstIsUnfair(t *testing.T) {
	_, outcomes := run(t, trace(ask{0, "a", 2}, ask{1, "a", 2}, ask{1, "b", 1}), "2/s burst 1")
	require.Equal(t, replay.Unfair{Denied: 2, Clients: 1}, outcomes[throttled.GCRA].Unfair)
}

func TestPeaks(t *testing.T) {
	var asks []ask
	for _, at := range []float64{0.9, 1, 1.5, 1.8999, 1.9} {
		asks = append(asks, ask{at, "a", 10})
	}
	_, outcomes := run(t, trace(append(asks, ask{60, "b", 3})...), "10/s; 12/m")
	// Windows begin at 0, 1 and 2: 10 at 0.9, but then the 12 of the minute are short of another 10.
	require.Equal(t, []replay.Peak{{Cost: 10, Key: "a"}, {Cost: 10, Key: "a"}}, outcomes[throttled.FixedWindow].Peaks)

	_, outcomes = run(t, trace(asks...), "10/s")
	require.Equal(t, []replay.Peak{{Cost: 20, Key: "a", Above: 1, Over: 10}}, outcomes[throttled.FixedWindow].Peaks, "at 0.9 and at 1; at 1.9 the first is a period ago")
	require.Equal(t, []bool{true, true, false, false, false}, outcomes[throttled.FixedWindow].Allowed)
	require.Equal(t, []replay.Peak{{Cost: 10, Key: "a"}}, outcomes[throttled.TokenBucket].Peaks, "at 0.9 and at 1.9 are two spans")
	require.Equal(t, []bool{true, false, false, false, true}, outcomes[throttled.TokenBucket].Allowed)
}

func TestLive(t *testing.T) {
	w := trace(ask{0, "a", 1}, ask{0.5, "b", 1}, ask{1, "c", 1}, ask{1, "d", 0}, ask{1, "e", 99}, ask{1.2, "b", 1}, ask{1.9, "a", 1})
	_, outcomes := run(t, w, "2/s")
	// At 1 a token is 0.5 s away: a's bucket died at 0.5, b's at 1, before c's began.
	require.Equal(t, 2, outcomes[throttled.TokenBucket].Live, "b and c at 1.2")
	require.Equal(t, 3, outcomes[throttled.FixedWindow].Live, "c, b and a until 2")
	require.Equal(t, 3, outcomes[throttled.SlidingWindow].Live)

	_, outcomes = run(t, trace(ask{0, "a", 0}), "2/s")
	require.Zero(t, outcomes[throttled.GCRA].Live)
}

// TestForgiven: on one place each key evicts the other, and what that lets
// through is what had been denied.
func TestForgiven(t *testing.T) {
	w := trace(ask{0, "a", 5}, ask{1, "b", 1}, ask{2, "a", 2}, ask{3, "a", 5}, ask{4, "b", 4}, ask{5, "b", 1})
	_, outcomes := run(t, w, "5/h", 1)
	o := outcomes[throttled.TokenBucket]
	require.Equal(t, []bool{true, true, false, false, true, false}, o.Allowed)
	one := o.Bounded[0]
	require.Equal(t, 1, one.Size)
	require.Equal(t, int64(3), one.Evictions, "a by b, b by a, a by b")
	require.Equal(t, replay.Totals{Allowed: 5, Denied: 1, AllowedCost: 13, DeniedCost: 5}, one.Totals, "the second 5 of a is denied, as 2 are charged")
	require.Equal(t, int64(2), one.Forgiven, "2 of a, and the last of b")
	require.Equal(t, int64(3), one.ForgivenCost)
	require.Nil(t, one.Measured)
}

func TestRoundTrips(t *testing.T) {
	w := trace(
		ask{0, "a", 2}, // sent, and allowed
		ask{0, "a", 1}, // sent, and denied: kept until 1.0
		ask{0.2, "a", 1},
		ask{0.4, "a", 3}, // above the capacity: what is kept denies it too
		ask{0.6, "a", 1}, // allowed again: the state says so, and it is sent
		ask{0.7, "a", 1}, // nothing is kept: sent, and denied until 1.7
		ask{0.7, "b", 1}, // another key
		ask{0.8, "a", 1},
		ask{0.9, "a", 0}, // is allowed, sent, and what was kept is gone
		ask{0.9, "a", 2}, // sent, denied
		ask{1.95, "a", 2},
		ask{2, "a", 1}, // sent, denied until 3
		ask{2.3, "a", 2},
	)
	_, outcomes := run(t, w, "2/s")
	require.Equal(t, replay.RoundTrips{Sent: 9, Saved: 4}, outcomes[throttled.TokenBucket].Redis)

	w = trace(ask{0, "a", 1}, ask{1, "a", 1}, ask{1.9, "a", 1}, ask{2, "a", 1})
	_, outcomes = run(t, w, "1/h")
	require.Equal(t, replay.RoundTrips{Sent: 3, Saved: 1}, outcomes[throttled.TokenBucket].Redis, "what was kept at 1 is gone at 2")
}

func TestMeasured(t *testing.T) {
	w, err := workload.Described{Keys: 2000, Requests: 2000, Per: time.Second, MinCost: 1, MaxCost: 1, For: time.Second, Seed: 1}.Generate()
	require.NoError(t, err)
	result, err := replay.Run(replay.Options{Workload: w, Quota: throttled.PerMinute(1), Sizes: []int{256}, Passes: 2})
	require.NoError(t, err)
	for _, o := range result.Outcomes {
		for _, b := range o.Bounded {
			require.Positive(t, b.Measured.NsPerCall)
			require.LessOrEqual(t, b.Measured.Held, int64(b.Size))
		}
		require.Greater(t, o.Bounded[1].Measured.Heap, o.Bounded[0].Measured.Heap, "1,024 full places take more than 256")
	}
}

func TestQuotaOutOfBounds(t *testing.T) {
	_, err := replay.Run(replay.Options{Workload: trace(ask{0, "a", 1}), Quota: throttled.PerSecond(-1)})
	require.ErrorIs(t, err, throttled.ErrInvalidQuota)
}
