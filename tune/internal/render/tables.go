package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// table is a title, a head and rows, and what the columns mean.
type table struct {
	Title string
	Head  []string
	Rows  [][]string
	Notes []string
}

// tables returns all tables of the report, in their order.
func (r *Report) tables() []table {
	all := []table{r.uses(), r.above()}
	if r.Found != nil {
		all = append(all, r.frontier(), r.exacts())
	}
	all = append(all, r.answers(), r.peaks(), r.backend())
	if r.Deadline > 0 {
		all = append(all, r.waits())
	}
	all = append(all, r.sizes()...)
	if r.measured() {
		all = append(all, r.speed())
	}
	return append(all, r.redis())
}

// answers tells what each algorithm allowed and denied.
func (r *Report) answers() table {
	t := table{
		Title: "Answers, with room for every client",
		Head:  []string{"algorithm", "allowed", "denied", "cost allowed", "cost denied", "within: denied", "within: clients"},
		Notes: []string{
			"within: what was denied to clients that stayed within the quota. A client did if in no span of one period, [t, t+period) for",
			"whatever t, it asked for more than the limit, whether it got it or not; with several rates, of each of them. Bursts do not count.",
		},
	}
	for _, o := range r.Result.Outcomes {
		t.Rows = append(t.Rows, []string{
			o.Algorithm.String(), comma(o.Totals.Allowed), comma(o.Totals.Denied), comma(o.Totals.AllowedCost), comma(o.Totals.DeniedCost),
			comma(o.Unfair.Denied), comma(int64(o.Unfair.Clients)),
		})
	}
	return t
}

// peaks tells the greatest bursts that each algorithm let through.
func (r *Report) peaks() table {
	t := table{
		Title: "Bursts let through",
		Head:  []string{"algorithm", "rate", "most admitted", "of the limit", "for client", "clients above", "by together", "never above"},
		Notes: []string{
			"most admitted: the greatest cost that one client was allowed in any span of one period, [t, t+period) for whatever t.",
			"clients above: how many were allowed more than the limit in such a span, and by how much together.",
			"never above: what the algorithm can allow one client in such a span at most, in any workload.",
		},
	}
	for _, o := range r.Result.Outcomes {
		for i, rate := range r.Result.Quota.Rates() {
			t.Rows = append(t.Rows, []string{
				o.Algorithm.String(), comma(rate.Limit) + " in " + words.Period(rate.Period), comma(o.Peaks[i].Cost),
				words.Times(o.Peaks[i].Cost, rate.Limit), shown(o.Peaks[i].Key), comma(int64(o.Peaks[i].Above)),
				comma(o.Peaks[i].Over), comma(advice.Guaranteed(o.Algorithm, rate)),
			})
		}
	}
	return t
}

// backend tells what the backend had to stand of all clients together.
func (r *Report) backend() table {
	t := table{
		Title: "All clients together",
		Head:  []string{"algorithm"},
		Notes: []string{"The greatest cost that was asked for, or allowed, in any span of that length, [t, t+span) for whatever t."},
	}
	asked := []string{"asked for"}
	for _, load := range r.Result.Outcomes[0].Backend {
		t.Head = append(t.Head, "in any "+words.Period(load.Span))
		asked = append(asked, comma(load.Asked))
	}
	t.Rows = append(t.Rows, asked)
	for _, o := range r.Result.Outcomes {
		row := []string{o.Algorithm.String()}
		for _, load := range o.Backend {
			row = append(row, comma(load.Passed))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// waits tells how long good clients would wait where they are now denied.
func (r *Report) waits() table {
	t := table{
		Title: "Waiting instead: Wait with a deadline of " + words.Period(r.Deadline),
		Head:  []string{"algorithm", "good: at once", "waited", "p50", "p99", "longest", "gave up", "others: gave up"},
		Notes: []string{
			"What would come of it if every request called Wait. Those of a client stand in line. Who would have to wait longer than the deadline",
			"gives up at once, and so does who finds a leaky bucket full. p50, p99: the wait that half, or 99 of 100, of the served requests of",
			"good clients did not exceed, those that went ahead at once counted in.",
			r.Good.Rule,
		},
	}
	for _, o := range r.Result.Outcomes {
		good, all := o.Waits.Good, o.Waits.All
		t.Rows = append(t.Rows, []string{
			o.Algorithm.String(), comma(good.Served - good.Waited), comma(good.Waited), brief(good.P50), brief(good.P99), brief(good.Longest),
			comma(good.GaveUp), comma(all.GaveUp - good.GaveUp),
		})
	}
	return t
}

// brief shows a duration to the millisecond.
func brief(d time.Duration) string { return d.Round(time.Millisecond).String() }

// sizes tells what tables of several sizes did, those of equal answers together.
func (r *Report) sizes() (all []table) {
	for _, group := range r.groups() {
		o := group[0]
		t := table{
			Title: "MaxSize, for " + names(group),
			Head:  []string{"MaxSize", "allowed", "denied", "live evictions", "forgiven", "forgiven cost"},
		}
		for _, b := range o.Bounded {
			t.Rows = append(t.Rows, []string{
				comma(int64(b.Size)), comma(b.Totals.Allowed), comma(b.Totals.Denied), comma(b.Evictions), comma(b.Forgiven), comma(b.ForgivenCost),
			})
			if b.Measured != nil {
				t.Rows[len(t.Rows)-1] = append(t.Rows[len(t.Rows)-1], measuredCells(b)...)
			}
		}
		if r.measured() {
			t.Head = append(t.Head, measuredHead...)
		}
		all = append(all, t)
	}
	all[len(all)-1].Notes = []string{
		"live evictions: buckets that still mattered and were forgotten for want of room. forgiven: requests that were allowed",
		"only because of that; with room for every client they were denied.",
	}
	return all
}

// speed compares the algorithms, each in its largest table.
func (r *Report) speed() table {
	t := table{
		Title: "Speed and memory",
		Head:  append([]string{"algorithm", "MaxSize"}, measuredHead...),
		Notes: []string{
			"heap: what the table took after the replay, its keys with it. bytes each: for one bucket, where the table is full.",
			"ns/call: a decision in the table of the memory stores, the median of the passes. In a program come on top the reading of the clock,",
			"the lock, and the call through limiter and store.",
		},
	}
	for _, o := range r.Result.Outcomes {
		b := o.Bounded[len(o.Bounded)-1]
		t.Rows = append(t.Rows, append([]string{o.Algorithm.String(), comma(int64(b.Size))}, measuredCells(b)...))
	}
	return t
}

var measuredHead = []string{"heap", "buckets held", "bytes each", "ns/call"}

func measuredCells(b replay.Bounded) []string {
	heap, held := max(0, b.Measured.Heap), b.Measured.Held
	total, each := "-", "-"
	if b.HeapTells() {
		total = humanize.IBytes(uint64(heap))
	}
	if b.HeapTells() && held == int64(b.Size) { // one that is not full has room that it does not need yet
		each = comma(heap / held)
	}
	return []string{total, comma(held), each, fmt.Sprintf("%.1f", b.Measured.NsPerCall)}
}

// measured reports whether speed and memory were measured.
func (r *Report) measured() bool { return r.Result.Outcomes[0].Bounded[0].Measured != nil }

// redis tells the round trips of a shared store.
func (r *Report) redis() table {
	t := table{
		Title: "Redis, worked out for one process",
		Head:  []string{"algorithm", "round trips", "with a deny cache", "saved"},
		Notes: []string{
			"A request is one round trip. A deny cache keeps the state that came with a denial for a second: what it still denies is not",
			"sent. Several processes have a cache each, and save less.",
		},
	}
	for _, o := range r.Result.Outcomes {
		all := o.Redis.Sent + o.Redis.Saved
		t.Rows = append(t.Rows, []string{
			o.Algorithm.String(), comma(all), comma(o.Redis.Sent),
			words.Percent(o.Redis.Saved, all),
		})
	}
	return t
}

// groups returns the outcomes, those together that answered alike in tables of
// every size.
func (r *Report) groups() (groups [][]*replay.Outcome) {
	for i := range r.Result.Outcomes {
		o := &r.Result.Outcomes[i]
		at := slices.IndexFunc(groups, func(g []*replay.Outcome) bool { return alike(g[0], o) })
		if at < 0 {
			groups = append(groups, []*replay.Outcome{o})
		} else {
			groups[at] = append(groups[at], o)
		}
	}
	return groups
}

func alike(x, y *replay.Outcome) bool {
	return slices.EqualFunc(x.Bounded, y.Bounded, func(a, b replay.Bounded) bool {
		a.Measured, b.Measured = nil, nil
		return a == b
	}) && slices.Equal(x.Allowed, y.Allowed)
}

func names(group []*replay.Outcome) string {
	texts := make([]string, len(group))
	for i, o := range group {
		texts[i] = o.Algorithm.String()
	}
	return strings.Join(texts, ", ")
}

// shown shortens a key for a cell, and quotes what would spoil a terminal.
func shown(key string) string {
	const most = 24
	quoted := fmt.Sprintf("%q", key)
	if quoted != `"`+key+`"` {
		key = quoted
	}
	if runes := []rune(key); len(runes) > most {
		key = string(runes[:most-1]) + "…"
	}
	return key
}

func comma(n int64) string { return humanize.Comma(n) }
