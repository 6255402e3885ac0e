package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/throttled-go/throttled/tune/internal/load"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// Load is what came of driving a store.
type Load struct {
	Source  string
	Options *load.Options
	Runs    []load.Run
}

// verdict says in a sentence which of the settings did best.
func (l *Load) verdict() string {
	best := l.best()
	if len(l.Runs) == 1 {
		return fmt.Sprintf("%s answers a second, 99 of 100 within %s.", comma(int64(best.PerSecond())), brisk(best.P99))
	}
	return fmt.Sprintf("The most answers a second, %s, came with %s; 99 of 100 within %s.", comma(int64(best.PerSecond())), settings(best), brisk(best.P99))
}

func (l *Load) best() *load.Run {
	best := &l.Runs[0]
	for i := range l.Runs {
		if l.Runs[i].PerSecond() > best.PerSecond() {
			best = &l.Runs[i]
		}
	}
	return best
}

func settings(r *load.Run) string {
	text := fmt.Sprintf("%v and %s", r.Quota, words.Counted(r.Callers, "caller"))
	if r.DenyCache > 0 {
		text += fmt.Sprintf(" and a deny cache of %s", comma(int64(r.DenyCache)))
	}
	return text
}

// facts are what was driven and how.
func (l *Load) facts() []string {
	w := l.Options.Workload
	store := l.Options.Store
	if scheme, rest, isURL := strings.Cut(store, "://"); isURL {
		store = scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:] // without a password
	}
	pace := "as fast as it goes; the limiter goes by the clock all the same, so it denies more than in the time of the workload"
	if times := l.Options.Pace.Times; times > 0 {
		pace = fmt.Sprintf("%v times as fast as the workload was", times)
	}
	return append([]string{
		fmt.Sprintf("Workload: %s, %s of %s", l.Source, words.Counted(len(w.Requests), "request"), words.Counted(len(w.Keys), "client")),
		fmt.Sprintf("Store: %s, %v", store, l.Options.Algorithm),
		"Pace: " + pace,
	}, unreadable(w.Unreadable)...)
}

func (l *Load) tables() []table {
	late := "How late an answer came: counted from the instant at which the workload had the request, whether or not a caller was free then."
	if l.Options.Pace.Times <= 0 {
		late = "How late an answer came: counted from the call. Each caller asks again when it is answered, so nobody waits for a caller."
	}
	t := table{
		Title: "Answers",
		Head:  []string{"quota", "callers", "deny cache", "answers/s", "denied", "p50", "p99", "p99.9", "longest", "errors"},
		Notes: []string{late},
	}
	for i := range l.Runs {
		r := &l.Runs[i]
		t.Rows = append(t.Rows, []string{
			r.Quota.String(), comma(int64(r.Callers)), comma(int64(r.DenyCache)), comma(int64(r.PerSecond())), words.Percent(r.Denied, r.Decisions()),
			brisk(r.P50), brisk(r.P99), brisk(r.P999), brisk(r.Greatest), comma(r.Errors),
		})
		if r.FirstError != nil {
			t.Notes = append(t.Notes, fmt.Sprintf("The first error with %s: %v", settings(r), r.FirstError))
		}
	}
	if l.Runs[0].Redis == nil {
		return []table{t, l.evictions()}
	}
	return []table{t, l.redis()}
}

func (l *Load) evictions() table {
	t := table{Title: "In memory", Head: []string{"quota", "callers", "live evictions"}}
	for _, r := range l.Runs {
		t.Rows = append(t.Rows, []string{r.Quota.String(), comma(int64(r.Callers)), comma(r.Evictions)})
	}
	return t
}

func (l *Load) redis() table {
	t := table{
		Title: "In Redis",
		Head:  []string{"quota", "callers", "deny cache", "calls", "answers per call", "µs per call", "µs per answer", "bytes per key"},
		Notes: []string{
			"calls: of scripts, which take several requests each where many come at once; what a deny cache answers is in none of them.",
			"By anybody meanwhile: if others use this Redis, theirs are counted too. µs: in which Redis can do nothing else.",
		},
	}
	for i := range l.Runs {
		r := &l.Runs[i]
		t.Rows = append(t.Rows, []string{
			r.Quota.String(), comma(int64(r.Callers)), comma(int64(r.DenyCache)), comma(r.Redis.Calls), ratio(r.Decisions(), r.Redis.Calls),
			ratio(r.Redis.Micros, r.Redis.Calls), ratio(r.Redis.Micros, r.Decisions()), comma(r.Redis.KeyBytes),
		})
	}
	t.Notes = append(t.Notes, l.spared()...)
	return t
}

// spared says what a deny cache spared Redis, beside the same without one.
func (l *Load) spared() (notes []string) {
	for _, with := range l.Runs {
		for _, without := range l.Runs {
			if with.DenyCache == 0 || without.DenyCache != 0 || with.Callers != without.Callers || with.Quota.String() != without.Quota.String() {
				continue
			}
			notes = append(notes, fmt.Sprintf("With %s: %s of the calls, and %s of the time inside Redis, of those without a deny cache.",
				settings(&with), words.Percent(with.Redis.Calls, without.Redis.Calls), words.Percent(with.Redis.Micros, without.Redis.Micros)))
		}
	}
	return notes
}

func ratio(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(part)/float64(whole))
}

// brisk shows a duration to three digits or so.
func brisk(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	case d >= 10*time.Microsecond:
		return d.Round(100 * time.Nanosecond).String()
	default:
		return d.String()
	}
}

// Text writes it for a terminal.
func (l *Load) Text(w io.Writer) error {
	var b bytes.Buffer
	for _, fact := range l.facts() {
		fmt.Fprintln(&b, fact)
	}
	for _, t := range l.tables() {
		t.text(&b)
	}
	fmt.Fprintf(&b, "\n%s\n", l.verdict())
	_, err := w.Write(b.Bytes())
	return err
}

// Page writes it as one HTML page.
func (l *Load) Page(w io.Writer) error {
	drawn, err := l.figure()
	if err != nil {
		return err
	}
	return execute(w, map[string]any{
		"Title": "What " + strings.SplitN(l.facts()[1], ": ", 2)[1] + " did with " + l.Source, "Source": l.Source, "Verdict": l.verdict(),
		"Facts": l.facts(), "Choosing": []figure{drawn}, "Tables": l.tables(),
	})
}

// figure shows each of the settings as answers a second against lateness.
func (l *Load) figure() (figure, error) {
	label := "answers a second against how late 99 of 100 were at most, one dot for each of the settings"
	return newFigure("Answers a second, and how late", label, func() (*plot.Plot, error) {
		p := plot.New()
		p.X.Label.Text, p.Y.Label.Text = "answers a second", "p99, µs"
		p.X.Tick.Marker, p.Y.Tick.Marker = counts{}, counts{}
		var all plotter.XYs
		for i := range l.Runs {
			all = append(all, plotter.XY{X: l.Runs[i].PerSecond(), Y: float64(l.Runs[i].P99.Microseconds())})
		}
		err := points(p, all, blue, 4)
		p.X.Min, p.Y.Min = 0, 0
		p.X.Max, p.Y.Max = max(p.X.Max, 1)*1.1, max(p.Y.Max, 1)*1.1
		return p, err
	})
}
