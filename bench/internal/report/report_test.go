package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/internal/report"
	"github.com/throttled-go/throttled/bench/peers"
	"github.com/throttled-go/throttled/bench/waits"
)

// small is a report of two peers and one waiter.
func small() *report.Report {
	of := func(v float64) report.Figure {
		return report.Figure{Median: v, Low: v - 1, High: v + 1, Values: []float64{v - 1, v, v + 1}}
	}
	speed := func(peer, mix, cannot string, ns float64) report.Speed {
		return report.Speed{Peer: peer, Load: "keys=1", Mix: mix, Procs: 1, Cannot: cannot, Time: of(ns)}
	}
	return &report.Report{
		Command: "make figures", Set: report.Set{Loads: []string{"keys=1"}, Count: 3},
		Machine: report.Machine{CPU: "Abacus 4", Cores: 2},
		Peers:   []report.Peer{{Name: peers.Baseline}, {Name: "lim</script>iter", Version: "v9.8.7", Bound: "by age: soon"}},
		Speed: []report.Speed{
			speed(peers.Baseline, "allowed", "", 40), speed(peers.Baseline, "denied", "denies nothing", 1),
			speed("lim</script>iter", "allowed", "", 100), speed("lim</script>iter", "denied", "", 60),
		},
		Heap: []report.Heap{{Peer: "a", Bytes: of(77), Growth: of(10)}, {Peer: "b", Cannot: "has no keys"}},
		Correct: []correct.Row{
			{Peer: "lim</script>iter", Quota: "100 per 1s", Ones: correct.Count{Asked: 200, WronglyDenied: 30}, NoCosts: "takes no costs"},
			{Peer: "lim</script>iter", Quota: "7 per 1m0s", Ones: correct.Count{Asked: 200}, Costs: &correct.Count{Asked: 100, WronglyAllowed: 17}},
		},
		Spots: []correct.Spot{
			{Peer: "lim</script>iter", Mix: "allowed", Count: correct.Count{Asked: 200}},
			{Peer: "lim</script>iter", Mix: "denied", Count: correct.Count{Asked: 200, WronglyAllowed: 5}},
		},
		Orders:      []waits.Order{{Waiter: "w", Arrived: 100}},
		Crowds:      []report.Crowd{{Waiter: "w", First: of(1), P50: of(500), P99: of(1100), CPU: of(3), Bytes: of(2000), Curve: []float64{1, 2, 3}}},
		NotMeasured: []string{"example.com/absent: it was not served"},
	}
}

// TestPage: the page tells what was measured, what was not, and why.
func TestPage(t *testing.T) {
	text, err := small().HTML()
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{
		"make figures", "Abacus 4, 2 processors", "the median of 3 runs",
		"100 <small>99.0 … 101</small>", `<td class="n">2.50`, "denies nothing", "by age only", "v9.8.7",
		`<td class="n">2.50<td class="n">none`, `59.0 … 61.0</small><td class="n">2.5 %`, // beside the speed, that of the call
		`<td class="n">17 %<td>7 per 1m0s<td>up to the limit`, // the worst, and what it takes
		"30 of 200 denied", "takes no costs", "has no keys", "a wait cannot be given up", "example.com/absent",
		"lim&lt;/script&gt;iter",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(page, "<svg"); n != 6 {
		t.Errorf("%d plots", n)
	}
	for _, outside := range []string{"src=", "<link", "@import", "<?xml"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	_, raw, _ := strings.Cut(page, `<script type="application/json" id="raw">`)
	raw, _, _ = strings.Cut(raw, "</script>")
	var back report.Report
	if err := json.Unmarshal([]byte(raw), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Peers) != 2 || back.Peers[1].Name != "lim</script>iter" || back.Speed[2].Time.Count() != 3 {
		t.Errorf("the raw figures came back as %+v", back)
	}
}

// TestSets: the quick set is part of the full one, and a flag that is given wins.
func TestSets(t *testing.T) {
	full, quick := report.Full(), report.Quick()
	for _, load := range quick.Loads {
		if !strings.Contains(strings.Join(full.Loads, " "), load) {
			t.Errorf("the full set has no %q", load)
		}
	}
	if quick.Total() >= full.Total() {
		t.Errorf("%d steps are quick, and %d are full", quick.Total(), full.Total())
	}
	given := report.Set{Count: 7, BenchTime: "3x", Steps: 8, Waiting: 9}
	for _, name := range []string{"count", "benchtime", "steps", "waiting", "quick"} {
		quick.Override(name, given)
	}
	if quick.Count != 7 || quick.BenchTime != "3x" || quick.Steps != 8 || quick.Waiting != 9 || len(quick.Loads) != 3 {
		t.Errorf("overridden: %+v", quick)
	}
}
