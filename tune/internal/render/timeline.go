package render

import (
	"bytes"
	"html/template"
	"image/color"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgsvg" // draws SVG

	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// timeline is the picture of an algorithm.
type timeline struct {
	Label string
	SVG   template.HTML
}

// timelines draws each algorithm, all to one scale.
func (r *Report) timelines() ([]timeline, error) {
	w := r.Result.Workload
	cut := cutTime(w)
	asked := cut.perSecond(w, func(int) bool { return true })
	top := 0.0
	for _, point := range asked {
		top = max(top, point.Y)
	}
	var all []timeline
	for i := range r.Result.Outcomes {
		o := &r.Result.Outcomes[i]
		drawn, err := draw(o, cut, asked, cut.perSecond(w, func(i int) bool { return o.Allowed[i] }), top)
		if err != nil {
			return nil, err
		}
		all = append(all, timeline{Label: "requests over time with " + o.Algorithm.String(), SVG: drawn})
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

// perSecond returns the requests per second in each piece that are counted.
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
		points = append(points, plotter.XY{X: float64(i) * seconds, Y: float64(n) / seconds})
	}
	// The last piece has an end too.
	return append(points, plotter.XY{X: float64(c.pieces) * seconds, Y: points[c.pieces-1].Y})
}

var (
	allowedColor = color.RGBA{R: 0x2a, G: 0x7d, B: 0xe1, A: 0xff}
	deniedColor  = color.RGBA{R: 0xd9, G: 0x48, B: 0x41, A: 0xff}
)

// draw returns the picture of o: the denied stand on top of the allowed.
func draw(o *replay.Outcome, c cut, asked, allowed plotter.XYs, top float64) (template.HTML, error) {
	p := plot.New()
	p.Title.Text = o.Algorithm.String()
	p.X.Label.Text = "seconds since " + clock(c.first)
	p.Y.Label.Text = "requests per second"
	p.Y.Min, p.Y.Max = 0, top*1.05
	for _, layer := range []struct {
		points plotter.XYs
		color  color.Color
	}{
		{asked, deniedColor},
		{allowed, allowedColor},
	} {
		line, err := plotter.NewLine(layer.points)
		if err != nil {
			return "", err
		}
		line.StepStyle = plotter.PostStep
		line.FillColor = layer.color
		line.Width = 0
		p.Add(line)
	}
	return svg(p)
}

// svg returns p as an element to embed.
func svg(p *plot.Plot) (template.HTML, error) {
	canvas, err := p.WriterTo(9*vg.Inch, 2.6*vg.Inch, "svg")
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	// What stands before the element belongs to a file of its own.
	text := b.Bytes()
	text = text[max(0, bytes.Index(text, []byte("<svg"))):]
	return template.HTML(text), nil // made by the plotting library, which escapes texts
}
