package advice_test

import (
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// found is what a replay might have found of an algorithm.
type found struct {
	unfair, peak int64
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
			Peaks:     []replay.Peak{{Cost: f.peak}},
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
		"Looked at first: who denies the least to clients that stayed within the quota; then: who lets through the smallest burst.",
		"It denied 10 of 40 requests (25.0%).",
		"It denied nothing to the 2 clients that stayed within the quota.",
		"sliding_window would have denied 7 requests of 1 client that stayed within it.",
		"The most it admitted for one client within 1s was 19, 1.90 times the limit. With fixed_window it was 20. With sliding_window it was 15.",
		"gcra and leaky_bucket answer Limit as it does; take leaky_bucket where Wait is to let requests out evenly spaced.",
		"At most 3 of the 3 clients mattered at once, so 1,024 places evicted none that was live.",
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

	require.Contains(t, reasons(result("10/s", found{}, found{}, found{}), advice.Backend), "smallest burst; then: who denies the least")
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

// TestSizeIsAtLeastTheDefault: what fits into less is no reason to make the
// store smaller than it is anyway.
func TestSizeIsAtLeastTheDefault(t *testing.T) {
	r := result("10/s", found{}, found{}, found{})
	require.Equal(t, 1024, advice.Give(r, advice.Clients).MaxSize)
	r.Outcomes[0].Bounded = []replay.Bounded{{Size: 512}, {Size: 1024, Evictions: 1}, {Size: 2048, Evictions: 1}, {Size: 4096}}
	require.Equal(t, 4096, advice.Give(r, advice.Clients).MaxSize)
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
