package render

import (
	"fmt"
	"image/color"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// timelines draws what was asked over time, once for all algorithms that
// answered alike, all to one scale.
func (r *Report) timelines() (all []figure, err error) {
	w := r.Result.Workload
	cut := cutTime(w)
	asked := cut.perSecond(w, func(int) bool { return true })
	outcomes, titles := r.alikes()
	for i, o := range outcomes {
		label := fmt.Sprintf("requests over time with %s: %s of %s denied", titles[i], comma(o.Totals.Denied), words.Counted(len(w.Requests), "request"))
		drawn, err := newFigure(titles[i], label, func() (*plot.Plot, error) { return timeline(w, o, cut, asked) })
		if err != nil {
			return nil, err
		}
		all = append(all, drawn)
	}
	return all, nil
}

// cut is a span of time in equal pieces.
type cut struct {
	first, piece int64 // nanoseconds
	pieces       int
}

// mostPieces is what can be told apart in a picture.
const mostPieces = 240

// cutTime cuts the span of w into pieces of whole seconds, or of whole
// milliseconds where that would leave too few.
func cutTime(w *workload.Workload) cut {
	first, last := w.Span()
	unit := int64(time.Second)
	if last-first < mostPieces/4*unit && !w.WholeSeconds() {
		unit = int64(time.Millisecond)
	}
	span := last - first + 1
	piece := (span/mostPieces + unit) / unit * unit
	return cut{first: first, piece: piece, pieces: int((span + piece - 1) / piece)}
}

// perSecond returns the requests per second in each piece that are counted, over
// Unix seconds.
func (c cut) perSecond(w *workload.Workload, counted func(i int) bool) plotter.XYs {
	counts := make([]int, c.pieces)
	for i, r := range w.Requests {
		if counted(i) {
			counts[(r.At-c.first)/c.piece]++
		}
	}
	seconds := time.Duration(c.piece).Seconds()
	points := make(plotter.XYs, 0, c.pieces+1)
	for i, n := range counts {
		points = append(points, plotter.XY{X: c.unix(i), Y: float64(n) / seconds})
	}
	// The last piece has an end too.
	return append(points, plotter.XY{X: c.unix(c.pieces), Y: points[c.pieces-1].Y})
}

// unix returns where a piece begins, in Unix seconds.
func (c cut) unix(piece int) float64 {
	return time.Duration(c.first + int64(piece)*c.piece).Seconds()
}

// timeline draws one outcome: the denied stand on top of the allowed.
func timeline(w *workload.Workload, o *replay.Outcome, c cut, asked plotter.XYs) (*plot.Plot, error) {
	p := plot.New()
	p.X.Label.Text = "UTC, from " + clock(c.first)
	p.X.Tick.Marker = clocks{}
	p.Y.Label.Text, p.Y.Tick.Marker = "requests per second", counts{}
	p.Y.Min = 0
	for _, layer := range []struct {
		points plotter.XYs
		color  color.Color
	}{
		{asked, red},
		{c.perSecond(w, func(i int) bool { return o.Allowed[i] }), blue},
	} {
		line, err := plotter.NewLine(layer.points)
		if err != nil {
			return nil, err
		}
		line.StepStyle = plotter.PostStep
		line.FillColor = layer.color
		line.Width = 0
		p.Add(line)
		p.Y.Max = max(p.Y.Max, 1) * 1.02
	}
	return p, nil
}
