package report

import (
	"bytes"
	"cmp"
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
	Verdict    []string
	Worst      []worst
	HeapPlot   picture
	CrowdPlot  picture
	ReportJSON template.JS
}

// section is the speed at one load with so many processors.
type section struct {
	Load  string
	Procs int
	Rows  []speedRow
	Plot  picture
}

// speedRow is one peer in a section.
type speedRow struct {
	Peer            string
	Allowed, Denied Speed
	Ratio           float64 // of the allowed to the locked map with a clock
	WrongAllowed    string  // share of the wrong answers to the calls of Allowed
	WrongDenied     string  // and of Denied
	Bound           string
	Ours, Baseline  bool
}

// HTML returns the page: all in one, without a script, and nothing is loaded.
func (r *Report) HTML() ([]byte, error) {
	view := page{Report: r, Worst: r.worstShares()}
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
	view.Verdict = append(speedVerdicts(view.Sections), r.answersVerdict())
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
		row := speedRow{Peer: peer.Name, WrongAllowed: r.wrongShare(peer.Name, "allowed"), WrongDenied: r.wrongShare(peer.Name, "denied"), Bound: bound(peer), Ours: isOurs(peer), Baseline: isBaseline(peer)}
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
	for i := range s.Rows {
		s.Rows[i].Ratio = s.Rows[i].Allowed.Time.Median / base
	}
	// The fastest first; what has no figures comes last.
	slices.SortStableFunc(s.Rows, func(x, y speedRow) int {
		return cmp.Or(cmp.Compare(len(x.Allowed.Cannot), len(y.Allowed.Cannot)), cmp.Compare(x.Allowed.Time.Median, y.Allowed.Time.Median))
	})
	var names []string
	var allowed, denied []float64
	for _, row := range s.Rows {
		if row.Allowed.Cannot == "" {
			names = append(names, row.plotted())
			allowed, denied = append(allowed, row.Allowed.Time.Median), append(denied, row.denied())
		}
	}
	label := fmt.Sprintf("nanoseconds per decision at %s with %d at a time, the fastest first: %s", load, procs, strings.Join(names, ", "))
	s.Plot, err = dots(label, names, []series{{"mostly allowed", allowed}, {"mostly denied", denied}}, "ns per decision")
	return s, err
}

// plotted returns the name as a plot has it.
func (r *speedRow) plotted() string {
	if r.Ours {
		return oursMark + r.Peer
	}
	return r.Peer
}

// denied returns the time of a denial, 0 if there is none.
func (r *speedRow) denied() float64 {
	if r.Denied.Cannot != "" {
		return 0
	}
	return r.Denied.Time.Median
}

// wrongShare returns what share of a peer's answers was wrong with the call and
// the quota of a speed.
func (r *Report) wrongShare(peer, mix string) string {
	for _, spot := range r.Spots {
		if spot.Peer == peer && spot.Mix == mix {
			return percent(share(spot.Count))
		}
	}
	return "–"
}

// worst is the greatest share of wrong answers of a peer, and what it takes to
// see it.
type worst struct {
	Peer, Share, Quota, Costs string
}

// worstShares returns the worst of each peer that is judged, those without a
// fault too.
func (r *Report) worstShares() (all []worst) {
	shares := map[string]float64{}
	for _, row := range r.Correct {
		at := slices.IndexFunc(all, func(w worst) bool { return w.Peer == row.Peer })
		if at < 0 {
			at = len(all)
			all = append(all, worst{Peer: row.Peer, Share: percent(0)})
		}
		for _, of := range []struct {
			count *correct.Count
			costs string
		}{{&row.Ones, "1 each"}, {row.Costs, "up to the limit"}} {
			if of.count != nil && share(*of.count) > shares[row.Peer] {
				shares[row.Peer] = share(*of.count)
				all[at] = worst{Peer: row.Peer, Share: percent(share(*of.count)), Quota: row.Quota, Costs: of.costs}
			}
		}
	}
	return all
}

// share returns what part of the answers was wrong.
func share(c correct.Count) float64 {
	return float64(c.WronglyAllowed+c.WronglyDenied) / float64(max(1, c.Asked))
}

func percent(share float64) string {
	if share == 0 {
		return "none"
	}
	return fmt.Sprintf("%.2g %%", 100*share)
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

func (r *Report) heapPlot() (picture, error) {
	kept := slices.DeleteFunc(slices.Clone(r.Heap), func(h Heap) bool { return h.Cannot != "" })
	slices.SortStableFunc(kept, func(x, y Heap) int { return cmp.Compare(x.Bytes.Median, y.Bytes.Median) })
	var names []string
	var bytes []float64
	for _, heap := range kept {
		name := heap.Peer
		if r.ours(name) {
			name = oursMark + name
		}
		names, bytes = append(names, name), append(bytes, heap.Bytes.Median)
	}
	return dots("bytes for each key, the least first: "+strings.Join(names, ", "), names, []series{{values: bytes}}, "bytes per key")
}

// ours reports whether a peer is this library.
func (r *Report) ours(name string) bool {
	return slices.ContainsFunc(r.Peers, func(p Peer) bool { return p.Name == name && isOurs(p) })
}

func isOurs(p Peer) bool { return strings.HasPrefix(p.Module, "github.com/throttled-go/") }

func (r *Report) crowdPlot() (picture, error) {
	var all []series
	var names []string
	for _, crowd := range r.Crowds {
		all, names = append(all, series{crowd.Waiter, crowd.Curve}), append(names, crowd.Waiter)
	}
	return lines("what share of those who waited was at most so late, with "+strings.Join(names, ", "), all)
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
