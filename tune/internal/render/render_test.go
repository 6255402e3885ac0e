package render_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/render"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// report replays two requests of one client and then sets what was measured.
func report(t *testing.T) render.Report {
	w := &workload.Workload{
		Keys:       []string{"a"},
		Requests:   []workload.Request{{At: 1, Cost: 1}, {At: int64(time.Minute), Cost: 3}},
		Unreadable: workload.Faults{Count: 7, First: []workload.Fault{{Line: 4, Text: "\x1b", Why: "it is rubbish"}}},
	}
	result, err := replay.Run(replay.Options{Workload: w, Quota: throttled.PerHour(3), Sizes: []int{1}})
	require.NoError(t, err)
	for _, o := range result.Outcomes {
		o.Bounded[0].Measured = &replay.Measured{Heap: 300, Held: 1, NsPerCall: 40.06}
		o.Bounded[1].Measured = &replay.Measured{Heap: 6456, Held: 2, NsPerCall: 45}
		o.Bounded[2].Measured = &replay.Measured{Heap: 104_448, Held: 1, NsPerCall: 55}
	}
	return render.Report{Source: "test", Uses: quota.UsesOf(w), Result: result, Advice: advice.Give(result, advice.Clients)}
}

func TestMeasuredFigures(t *testing.T) {
	r := report(t)
	var text bytes.Buffer
	require.NoError(t, r.Text(&text))
	for _, want := range []string{
		`
  MaxSize  allowed  denied  live evictions  forgiven  forgiven cost     heap  buckets held  bytes each  ns/call
  1              1       1               0         0              0        -             1           -     40.1
  2              1       1               0         0              0        -             2           -     45.0
  1,024          1       1               0         0              0  102 KiB             1           -     55.0
`, `
  algorithm       MaxSize     heap  buckets held  bytes each  ns/call
  token_bucket      1,024  102 KiB             1           -     55.0
`,
		"\nMaxSize, for token_bucket, leaky_bucket, gcra, fixed_window, sliding_window\n",
		"\nTime: 1m, from 1970-01-01 00:00:00 UTC to 1970-01-01 00:01:00 UTC\n",
		"\nLeft out: 7 lines could not be read\n  line 4, \"\\x1b\": it is rubbish\n  and 6 more\n",
		"took 102 KiB of heap, and a decision 55 ns",
	} {
		require.Contains(t, text.String(), want)
	}
	require.NotContains(t, text.String(), "Whole seconds")
}

func TestPageHasTheTables(t *testing.T) {
	r := report(t)
	var page bytes.Buffer
	require.NoError(t, r.Page(&page))
	require.Contains(t, page.String(), "<td>token_bucket</td><td>1,024</td><td>102 KiB</td><td>1</td><td>-</td><td>55.0</td>")
	require.Contains(t, page.String(), "UTC, from 1970-01-01 00:00:00 UTC")
}

// TestOneClientHasNearlyAll: a proxy that stands for all clients is named, and
// what to do about it.
func TestOneClientHasNearlyAll(t *testing.T) {
	for others, told := range map[int]bool{2: true, 3: false} {
		r := report(t)
		r.Result.Workload.Keys = []string{"10.0.0.1", "b"}
		r.Result.Workload.Requests = make([]workload.Request, 20)
		for i := range others {
			r.Result.Workload.Requests[i].Key = 1
		}
		var text bytes.Buffer
		require.NoError(t, r.Text(&text))
		require.Equal(t, told, bytes.Contains(text.Bytes(), []byte("\nOne client: 10.0.0.1 has 90.0% of the requests. If that is a proxy")), others)
	}
}
