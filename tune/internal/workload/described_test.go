package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/workload"
)

func described() workload.Described {
	return workload.Described{Keys: 50, Zipf: 1.2, Requests: 2000, Per: time.Second, MinCost: 2, MaxCost: 4, For: 3 * time.Second, Seed: 7}
}

func generate(t *testing.T, d workload.Described) *workload.Workload {
	w, err := d.Generate()
	require.NoError(t, err)
	return w
}

func TestDescribed(t *testing.T) {
	w := generate(t, described())
	require.InDelta(t, 6000, len(w.Requests), 400, "five standard deviations")
	require.LessOrEqual(t, len(w.Keys), 50)
	costs := map[int64]int{}
	keys := map[string]int{}
	for i, r := range w.Requests {
		require.GreaterOrEqual(t, r.At, workload.Start.UnixNano())
		require.Less(t, r.At, workload.Start.Add(3*time.Second).UnixNano())
		require.True(t, i == 0 || w.Requests[i-1].At <= r.At)
		costs[r.Cost]++
		keys[w.Keys[r.Key]]++
	}
	require.Len(t, costs, 3)
	for cost := int64(2); cost <= 4; cost++ {
		require.InDelta(t, len(w.Requests)/3, costs[cost], 200)
	}
	require.Greater(t, keys["client-1"], 2*keys["client-3"], "the first is the most popular")
	require.False(t, w.WholeSeconds())
	require.Zero(t, w.Reordered)
}

func TestEqualDescriptionsMakeEqualWorkloads(t *testing.T) {
	d := described()
	require.Equal(t, generate(t, d), generate(t, d))
	other := d
	other.Seed++
	require.NotEqual(t, generate(t, d), generate(t, other))
}

func TestDescribedUniform(t *testing.T) {
	d := described()
	d.Zipf, d.Keys = 0, 4
	w := generate(t, d)
	counts := make([]int, 4)
	for _, r := range w.Requests {
		counts[r.Key]++
	}
	for _, n := range counts {
		require.InDelta(t, len(w.Requests)/4, n, 200)
	}
	require.Equal(t, "2000 in 1s for 3s by 4 keys (all alike) at a cost of 2 to 4, seed 7", d.String())
}

func TestDescribedSaysWhatIsWrong(t *testing.T) {
	for want, change := range map[string]func(d *workload.Described){
		"-keys is 0; it must be from 1":                 func(d *workload.Described) { d.Keys = 0 },
		"-zipf is 0.9; it must be above 1":              func(d *workload.Described) { d.Zipf = 0.9 },
		"-rate is 0/1s; it must be like 20000/s":        func(d *workload.Described) { d.Requests = 0 },
		"-cost is 5-4; it must be a number, or two":     func(d *workload.Described) { d.MinCost = 5 },
		"-for is 0s; it must be longer than 0, like 1m": func(d *workload.Described) { d.For = 0 },
		"makes 172800000 requests; at most 50000000":    func(d *workload.Described) { d.For = 24 * time.Hour },
		"there is no request in it":                     func(d *workload.Described) { d.For = 1 },
	} {
		d := described()
		change(&d)
		_, err := d.Generate()
		require.ErrorContains(t, err, want)
	}
	_, err := workload.Described{Zipf: 1, MinCost: -1}.Generate()
	for _, want := range []string{"-keys", "-zipf", "-rate", "-cost", "-for"} {
		require.ErrorContains(t, err, want, "everything at once")
	}
}
