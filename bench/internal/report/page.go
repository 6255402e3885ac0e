package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/peers"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number,
	"spread": func(f Figure) string { return number(f.Low) + " … " + number(f.High) },
	"wrong":  wrong,
	"took":   func(d time.Duration) string { return d.Round(time.Microsecond).String() },
	"yes": func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	},
}).Parse(pageText))

// page is what the template sees.
type page struct {
	*Report
	Sections   []section
	HeapPlot   template.HTML
	CrowdPlot  template.HTML
	ReportJSON template.JS
}

// section is the speed at one load with so many processors.
type section struct {
	Load  string
	Procs int
	Rows  []speedRow
	Plot  template.HTML
}

// speedRow is one peer in a section.
type speedRow struct {
	Peer            string
	Allowed, Denied Speed
	Ratio           float64 // of the allowed to the locked map with a clock
	Wrong           string
	Bound           string
	Ours            bool
}

// HTML returns the page: all in one, without a script, and nothing is loaded.
func (r *Report) HTML() ([]byte, error) {
	view := page{Report: r}
	raw, err := r.JSON()
	if err != nil {
		return nil, err
	}
	view.ReportJSON = template.JS(raw) // package json escapes what could end the element
	for _, procs := range r.procs() {
		for _, load := range r.Set.Loads {
			section, err := r.section(load, procs)
			if err != nil {
				return nil, err
			}
			view.Sections = append(view.Sections, section)
		}
	}
	if view.HeapPlot, err = r.heapPlot(); err != nil {
		return nil, err
	}
	if view.CrowdPlot, err = r.crowdPlot(); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = pageTemplate.Execute(&text, view)
	return text.Bytes(), err
}

// procs returns the numbers of processors that there are speeds for.
func (r *Report) procs() (all []int) {
	for _, speed := range r.Speed {
		if !slices.Contains(all, speed.Procs) {
			all = append(all, speed.Procs)
		}
	}
	return all
}

// section gathers what was measured at a load, with a row for every peer.
func (r *Report) section(load string, procs int) (s section, err error) {
	s = section{Load: load, Procs: procs}
	var base float64
	for _, peer := range r.Peers {
		row := speedRow{Peer: peer.Name, Wrong: r.wrongShare(peer.Name), Bound: bound(peer), Ours: strings.HasPrefix(peer.Module, "github.com/throttled-go/")}
		for _, speed := range r.Speed {
			if speed.Peer != peer.Name || speed.Load != load || speed.Procs != procs {
				continue
			}
			if speed.Mix == "allowed" {
				row.Allowed = speed
			} else {
				row.Denied = speed
			}
		}
		if peer.Name == peers.Baseline {
			base = row.Allowed.Time.Median
		}
		s.Rows = append(s.Rows, row)
	}
	var names []string
	var allowed, denied []float64
	for i, row := range s.Rows {
		s.Rows[i].Ratio = row.Allowed.Time.Median / base
		if row.Allowed.Cannot == "" {
			names = append(names, row.Peer)
			allowed, denied = append(allowed, row.Allowed.Time.Median), append(denied, row.Denied.Time.Median)
		}
	}
	s.Plot, err = bars(names, []series{{"mostly allowed", allowed}, {"mostly denied", denied}}, "ns per decision")
	return s, err
}

// wrongShare returns what share of the answers of a peer was wrong with the
// quota and the kind of costs where it was the greatest.
func (r *Report) wrongShare(peer string) string {
	judged, worst := false, 0.0
	for _, row := range r.Correct {
		if row.Peer != peer {
			continue
		}
		for _, count := range []*correct.Count{&row.Ones, row.Costs} {
			if count != nil {
				judged = true
				worst = max(worst, float64(count.WronglyAllowed+count.WronglyDenied)/float64(count.Asked))
			}
		}
	}
	switch {
	case !judged:
		return "–"
	case worst == 0:
		return "none"
	default:
		return fmt.Sprintf("%.2g %%", 100*worst)
	}
}

// bound tells in a word whether a peer bounds its memory.
func bound(peer Peer) string {
	switch {
	case peer.Bounded:
		return "yes"
	case peer.Bound != "":
		return "by age only"
	default:
		return "no"
	}
}

func (r *Report) heapPlot() (template.HTML, error) {
	var names []string
	var bytes []float64
	for _, heap := range r.Heap {
		if heap.Cannot == "" {
			names, bytes = append(names, heap.Peer), append(bytes, heap.Bytes.Median)
		}
	}
	return bars(names, []series{{values: bytes}}, "bytes per key")
}

func (r *Report) crowdPlot() (template.HTML, error) {
	var all []series
	for _, crowd := range r.Crowds {
		all = append(all, series{crowd.Waiter, crowd.Curve})
	}
	return lines(all)
}

// wrong tells a count in a few words.
func wrong(c correct.Count) string {
	var parts []string
	if c.WronglyAllowed > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d allowed, up to %.3g too many at once", c.WronglyAllowed, c.Asked, c.Beyond))
	}
	if c.WronglyDenied > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d denied", c.WronglyDenied, c.Asked))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("none of %d", c.Asked)
	}
	return strings.Join(parts, "; ")
}

// number tells three digits or so, and no more than were measured.
func number(f float64) string {
	switch {
	case f >= 100 || f <= -100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10 || f <= -10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	default:
		return strconv.FormatFloat(f, 'f', 2, 64)
	}
}
