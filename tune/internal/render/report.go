// Package render writes what a replay found: as text, and as a page.
package render

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Report is all there is to write.
type Report struct {
	Source string // where the workload is from
	Spread bool   // whether the requests of a second were spread over it
	Result *replay.Result
	Advice advice.Advice

	Deadline time.Duration // of those who wait; 0: nobody does

	Uses  []*quota.Uses
	Good  quota.Good
	Found *quota.Result // nil: the quota was given
}

// facts are what the replay started from, one a line.
func (r *Report) facts() []string {
	w := r.Result.Workload
	first, last := w.Span()
	facts := []string{
		fmt.Sprintf("Workload: %s, %s of %s, cost %s",
			r.Source, words.Counted(len(w.Requests), "request"), words.Counted(len(w.Keys), "client"), humanize.Comma(w.Cost())),
		fmt.Sprintf("Time: %s, from %s to %s", words.Period(time.Duration(last-first).Round(time.Millisecond)), clock(first), clock(last)),
		fmt.Sprintf("Quota: %v; %s stayed within it", r.Result.Quota, words.Counted(r.Result.Within, "client")),
	}
	if w.Format != "" {
		facts = append(facts, "Format: "+w.Format)
	}
	facts = append(facts, concentrated(w)...)
	if w.Reordered > 0 {
		facts = append(facts, fmt.Sprintf("Order: %s came after a later one; all were sorted by time", words.Counted(w.Reordered, "request")))
	}
	switch {
	case r.Spread:
		facts = append(facts, "Whole seconds: the requests of a second were spread evenly over it")
	case w.WholeSeconds():
		facts = append(facts, "Whole seconds: the requests of a second come all at once, which is harder on a quota than what was; -spread puts them evenly over it")
	}
	return append(facts, unreadable(w.Unreadable)...)
}

// concentrated says where nearly all requests are those of one client, which
// is a proxy more often than not.
func concentrated(w *workload.Workload) []string {
	key, requests := w.Busiest()
	const enough, nearly = 20, 0.9
	if len(w.Requests) < enough || float64(requests) < nearly*float64(len(w.Requests)) {
		return nil
	}
	return []string{fmt.Sprintf("One client: %s has %s of the requests. If that is a proxy or a load balancer, limit by what it says of its clients: "+
		"-key forwarded if the log has X-Forwarded-For, else -key with a field that tells them apart",
		shown(w.Keys[key]), words.Percent(int64(requests), int64(len(w.Requests))))}
}

// unreadable shows the lines that were left out, and why.
func unreadable(f workload.Faults) []string {
	if f.Count == 0 {
		return nil
	}
	facts := []string{fmt.Sprintf("Left out: %s could not be read", words.Counted(f.Count, "line"))}
	for _, fault := range f.First {
		facts = append(facts, fmt.Sprintf("  line %d, %q: %s", fault.Line, fault.Text, fault.Why))
	}
	if more := f.Count - len(f.First); more > 0 {
		facts = append(facts, fmt.Sprintf("  and %s more", humanize.Comma(int64(more))))
	}
	return facts
}

// clock shows an instant.
func clock(at int64) string { return time.Unix(0, at).UTC().Format("2006-01-02 15:04:05 UTC") }
