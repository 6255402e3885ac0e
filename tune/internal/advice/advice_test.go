package advice_test

import (
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// found is what a replay might have found of an algorithm.
type found struct {
	unfair, peak int64 // of all clients together, and of the only one, in a period
}

// result makes what a replay would return.
func result(quota string, token, fixed, sliding found) *replay.Result {
	r := &replay.Result{
		Workload: &workload.Workload{Keys: make([]string, 3), Requests: make([]workload.Request, 40)},
		Quota:    throttled.MustParseQuota(quota),
		Within:   2,
	}
	for algorithm, f := range []found{
		throttled.TokenBucket: token, throttled.LeakyBucket: token, throttled.GCRA: token,
		throttled.FixedWindow: fixed, throttled.SlidingWindow: sliding,
	} {
		r.Outcomes = append(r.Outcomes, replay.Outcome{
			Algorithm: throttled.Algorithm(algorithm),
			Totals:    replay.Totals{Allowed: 30, Denied: 10},
			Unfair:    replay.Unfair{Denied: f.unfair, Clients: int(min(1, f.unfair))},
			Peaks:     []replay.Peak{{Cost: f.peak, Over: max(0, f.peak-10)}},
			Backend:   []replay.Load{{Span: time.Second, Asked: 40, Passed: f.peak}},
			Live:      3,
			Bounded:   []replay.Bounded{{Size: 2, Evictions: 1, Forgiven: 2, ForgivenCost: 5}, {Size: 4}, {Size: 1024}},
			Redis:     replay.RoundTrips{Sent: 30, Saved: 10},
		})
	}
	return r
}

func TestChoice(t *testing.T) {
	for name, c := range map[string]struct {
		quota                 string
		goal                  advice.Goal
		token, fixed, sliding found
		want                  throttled.Algorithm
	}{
		"all alike: the first":             {"10/s", advice.Clients, found{0, 10}, found{0, 10}, found{0, 10}, throttled.TokenBucket},
		"of equals the smallest bound":     {"10/s", advice.Clients, found{0, 19}, found{0, 10}, found{0, 10}, throttled.SlidingWindow},
		"the smallest burst":               {"10/s", advice.Clients, found{0, 19}, found{0, 20}, found{0, 15}, throttled.SlidingWindow},
		"but no denials of the good":       {"10/s", advice.Clients, found{0, 19}, found{0, 18}, found{1, 15}, throttled.FixedWindow},
		"windows ignore a burst":           {"10/s burst 20", advice.Clients, found{3, 30}, found{0, 20}, found{0, 15}, throttled.TokenBucket},
		"the backend first":                {"10/s", advice.Backend, found{0, 19}, found{0, 18}, found{1, 15}, throttled.SlidingWindow},
		"the backend first, then the good": {"10/s", advice.Backend, found{1, 15}, found{0, 15}, found{1, 15}, throttled.FixedWindow},
		"the backend before the burst":     {"10/s burst 20", advice.Backend, found{0, 30}, found{0, 20}, found{0, 15}, throttled.SlidingWindow},
	} {
		t.Run(name, func(t *testing.T) {
			given := advice.Give(result(c.quota, c.token, c.fixed, c.sliding), c.goal)
			require.Equal(t, c.want, given.Algorithm)
			require.Contains(t, given.Summary, c.want.String())
		})
	}
}

func TestReasons(t *testing.T) {
	given := advice.Give(result("10/s", found{0, 19}, found{0, 20}, found{7, 15}), advice.Clients)
	require.Equal(t, "Use token_bucket, with room for 1,024 buckets.", given.Summary)
	require.Equal(t, []string{
		"Looked at in turn, the less the better: what is denied to clients that stay within the quota; what all clients get beyond it; what one client can ever get at most.",
		"Better than fixed_window by what all clients got beyond the limit of 10 in any 1s: 9 against 10.",
		"Better than sliding_window by requests denied to clients that stayed within the quota: 0 against 7.",
		"It denied 10 of 40 requests (25.0%).",
		"It denied nothing to the 2 clients that stayed within the quota.",
		"sliding_window would have denied 7 requests of 1 client that stayed within it.",
		"The most it admitted for one client within 1s was 19, 1.90 times the limit. With fixed_window it was 20. With sliding_window it was 15.",
		"gcra and leaky_bucket answer Limit as it does; take leaky_bucket where Wait is to let requests out evenly spaced.",
		"At most 3 of the 3 clients mattered at once; 1,024 places are 341 times that, and evicted none that was live.",
		"With 2 places 1 live bucket was evicted, which let through 2 requests at a cost of 5 that should have been denied.",
		"More clients than these need more: Stats().Evictions of the store should stay 0.",
		"In Redis it would take 40 round trips; a deny cache in one process would save 10 of them (25.0%).",
	}, given.Reasons)
}

func TestMoreReasons(t *testing.T) {
	reasons := func(r *replay.Result, goal advice.Goal) string {
		return strings.Join(advice.Give(r, goal).Reasons, "\n")
	}

	small := reasons(result("10/s burst 4", found{5, 13}, found{0, 20}, found{0, 15}), advice.Clients)
	require.Contains(t, small, "The quota names a burst, which fixed_window and sliding_window ignore")
	require.Contains(t, small, "It denied 5 requests of 1 client that stayed within the quota.")
	require.Contains(t, small, `because the burst of "10/s burst 4" is below its limit: with a burst of 10 nobody`)

	require.Contains(t, reasons(result("10/s", found{}, found{}, found{}), advice.Backend), "at most.\nBetter than fixed_window by the most that one client can ever get in any 1s: 19 against 20.\nAs good as sliding_window in all")
	require.Contains(t, reasons(result("10/s burst 4", found{0, 9}, found{0, 9}, found{0, 5}), advice.Backend), "It ignores the burst")

	r := result("10/s", found{}, found{}, found{})
	r.Within = 0
	r.Outcomes[0].Totals.Denied = 0
	r.Outcomes[0].Redis.Saved = 0
	r.Outcomes[0].Bounded[0].Forgiven = 0
	r.Outcomes[0].Bounded[2].Measured = &replay.Measured{Heap: 2048, NsPerCall: 51.4}
	text := reasons(r, advice.Clients)
	for _, want := range []string{
		"It denied nothing: the quota is above all", "No client stayed within the quota", "a deny cache would save none",
		"which let through nothing that", "took 2.0 KiB of heap, and a decision 51 ns",
	} {
		require.Contains(t, text, want)
	}
}

func TestReasonsAboutWaiting(t *testing.T) {
	r := result("10/s", found{}, found{}, found{})
	r.Outcomes[0].Waits = &replay.Waits{Good: replay.Delays{Served: 7}}
	require.Contains(t, advice.Give(r, advice.Clients).Reasons, "With Wait instead of Limit no request of a good client would have had to wait.")
	r.Outcomes[0].Waits.Good = replay.Delays{Served: 20, Waited: 1, GaveUp: 2, P99: 1234567 * time.Microsecond}
	require.Contains(t, advice.Give(r, advice.Clients).Reasons,
		"With Wait instead of Limit 1 request of good clients would have waited, 99 of 100 of their requests for at most 1.235s, and 2 would have given up at the deadline.")
}

// TestSizeIsAtLeastTheDefault: what fits into less is no reason to make the
// store smaller than it is anyway.
func TestSizeIsAtLeastTheDefault(t *testing.T) {
	r := result("10/s", found{}, found{}, found{})
	require.Equal(t, 1024, advice.Give(r, advice.Clients).MaxSize)
	r.Outcomes[0].Bounded = []replay.Bounded{{Size: 512}, {Size: 1024, Evictions: 1}, {Size: 2048, Evictions: 1}, {Size: 4096}}
	require.Equal(t, 4096, advice.Give(r, advice.Clients).MaxSize)
}

// TestSizeHasHeadroom: a table that just holds what was live today has no room
// for another day.
func TestSizeHasHeadroom(t *testing.T) {
	r := result("10/s", found{}, found{}, found{})
	r.Outcomes[0].Live = 983
	r.Outcomes[0].Bounded = []replay.Bounded{{Size: 1024}, {Size: 2048}}
	given := advice.Give(r, advice.Clients)
	require.Equal(t, 2048, given.MaxSize)
	require.Contains(t, strings.Join(given.Reasons, "\n"), "At most 983 of the 3 clients mattered at once; 2,048 places are 2 times that")
}

// TestGuaranteed: what is said to be the most that one client can ever get is
// got by one who tries, and never passed by those who come at random. The
// answers are the library's own.
func TestGuaranteed(t *testing.T) {
	const period = int64(time.Second)
	for _, text := range []string{"1/s", "7/s", "10/s burst 4", "3/s burst 20"} {
		rate := throttled.MustParseQuota(text).Rates()[0]
		for algorithm := range throttled.SlidingWindow + 1 {
			t.Run(text+"/"+algorithm.String(), func(t *testing.T) {
				// All that is to be had at the end of a second, and then all that comes in just less than one more.
				greedy := greatestGot(t, algorithm, rate, func(yield func(at int64) bool) {
					for at := 10*period - 1; at <= 11*period-2; at = next(at, period) {
						for range 2 * (rate.Limit + rate.Burst) {
							if !yield(at) {
								return
							}
						}
					}
				})
				require.Equal(t, advice.Guaranteed(algorithm, rate), greedy)
				random := rand.New(rand.NewPCG(1, 2))
				now := 10 * period
				erratic := greatestGot(t, algorithm, rate, func(yield func(at int64) bool) {
					for range 20_000 {
						now += []int64{0, 0, 1, random.Int64N(period / 10), random.Int64N(period), 3 * period}[random.IntN(6)]
						if !yield(now) {
							return
						}
					}
				})
				require.LessOrEqual(t, erratic, advice.Guaranteed(algorithm, rate))
			})
		}
	}
}

// next goes on in steps of a thousandth of a period, to its very end.
func next(at, period int64) int64 {
	if last := 11*period - 2; at < last {
		return min(at+period/1000, last)
	}
	return at + period
}

// greatestGot asks one bucket at those times, and returns the most that it gave
// in any span of one period.
func greatestGot(t *testing.T, algorithm throttled.Algorithm, rate throttled.Rate, times iter.Seq[int64]) (most int64) {
	plan, err := throttled.Config{Quota: throttled.NewQuota(rate), Algorithm: algorithm}.Plan()
	require.NoError(t, err)
	state := make([]int64, plan.Words())
	var got []int64
	for at := range times {
		if res, _ := plan.Apply(state, at, throttled.Request{Plan: plan, Cost: 1}); !res.Allowed {
			continue
		}
		got = append(got, at)
		for got[0] <= at-int64(rate.Period) {
			got = got[1:]
		}
		most = max(most, int64(len(got)))
	}
	return most
}

// TestTheCodeCompiles for every algorithm, against the library itself.
func TestTheCodeCompiles(t *testing.T) {
	fset := token.NewFileSet()
	library := importer.ForCompiler(fset, "source", nil)
	for _, algorithm := range []throttled.Algorithm{
		throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
	} {
		r := result(`10/s burst 20; 1000/h`, found{}, found{}, found{})
		r.Outcomes = []replay.Outcome{r.Outcomes[algorithm]}
		r.Outcomes[0].Peaks = make([]replay.Peak, 2)
		given := advice.Give(r, advice.Backend)
		require.Equal(t, algorithm, given.Algorithm)
		require.Contains(t, given.Code, `"10/s burst 20; 1000/h"`)

		formatted, err := format.Source([]byte(given.Code))
		require.NoError(t, err)
		require.Equal(t, string(formatted), given.Code)
		file, err := parser.ParseFile(fset, "pasted.go", `package pasted
import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)
func pasted() error {
`+given.Code+`
	_ = limiter
	return err
}`, 0)
		require.NoError(t, err)
		config := types.Config{Importer: library}
		_, err = config.Check("pasted", fset, []*ast.File{file}, nil)
		require.NoError(t, err)
	}
}
