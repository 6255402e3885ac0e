package render

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// figure is a picture in two widths, for a page to show one of.
type figure struct {
	Title, Label string // Label says what is to be seen, to those who cannot see it
	Legend       []mark
	Wide, Narrow template.HTML
}

// mark is what a colour stands for.
type mark struct {
	Color template.CSS
	Text  string
}

// marked returns the mark of a colour.
func marked(c color.RGBA, text string) mark {
	return mark{template.CSS(fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)), text}
}

// The colours, told apart by those who are colour-blind too, and on a dark
// ground.
var (
	blue = color.RGBA{R: 0x2a, G: 0x7d, B: 0xe1, A: 0xff}
	red  = color.RGBA{R: 0xd9, G: 0x48, B: 0x41, A: 0xff}
	gray = color.RGBA{R: 0x8a, G: 0x93, B: 0x9e, A: 0xff}
	gold = color.RGBA{R: 0xc9, G: 0x8a, B: 0x00, A: 0xff}
)

// newFigure draws what build makes, twice.
func newFigure(title, label string, build func() (*plot.Plot, error)) (figure, error) {
	f := figure{Title: title, Label: label}
	for _, size := range []struct {
		width, height vg.Length
		to            *template.HTML
	}{{660, 230, &f.Wide}, {340, 230, &f.Narrow}} {
		p, err := build()
		if err != nil {
			return f, err
		}
		p.BackgroundColor = nil // the page's own
		canvas := vgsvg.New(size.width, size.height)
		const overhang = 22 // half of the last one on the axis hangs over its end
		p.Draw(draw.Crop(draw.New(canvas), 0, -overhang, 0, 0))
		if *size.to, err = embedded(canvas, label); err != nil {
			return f, err
		}
	}
	return f, nil
}

// embedded returns a drawing as an element of a page.
func embedded(canvas *vgsvg.Canvas, label string) (template.HTML, error) {
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", err
	}
	// What stands before the element belongs to a file of its own.
	text := b.String()[max(0, strings.Index(b.String(), "<svg")):]
	said := `<svg role="img" aria-label="` + template.HTMLEscapeString(label) + `"`
	return template.HTML(said + strings.TrimPrefix(text, "<svg")), nil // made by the plotting library, which escapes texts
}

// points draws a dot for each point.
func points(p *plot.Plot, of plotter.XYs, c color.Color, radius vg.Length) error {
	if len(of) == 0 {
		return nil
	}
	scatter, err := plotter.NewScatter(of)
	if err != nil {
		return err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: c, Radius: radius, Shape: draw.CircleGlyph{}}
	p.Add(scatter)
	return nil
}

// useFigure shows what each client used, the busiest first: a gap is where the
// good ones end.
func (r *Report) useFigure() (figure, error) {
	u := quota.ByMinute(r.Uses)
	period := words.Period(u.Period)
	label := fmt.Sprintf("the greatest use of each client in any %s, the busiest first: %s", period, listed(u.At, len(u.Order)))
	f, err := newFigure("What each client used", label, func() (*plot.Plot, error) {
		p := plot.New()
		p.X.Label.Text, p.Y.Label.Text = "clients, the busiest first", "most in any "+period
		p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
		p.X.Tick.Marker, p.Y.Tick.Marker = decades{}, decades{}
		var good, others plotter.XYs
		for place, key := range u.Order {
			point := plotter.XY{X: float64(place + 1), Y: float64(u.Of[key])}
			switch {
			case u.Of[key] == 0: // a logarithm has no place for it
			case r.Found != nil && !r.Found.Good.Is[key]:
				others = append(others, point)
			default:
				good = append(good, point)
			}
		}
		p.X.Min, p.X.Max = 0.8, float64(len(u.Order))*1.25
		p.Y.Min, p.Y.Max = 0.8, float64(max(u.At(0), 1))*1.5
		return p, errors.Join(points(p, good, blue, 2.5), points(p, others, red, 2.5))
	})
	if r.Found != nil && r.Found.Good.Count < len(u.Order) {
		f.Legend = []mark{marked(blue, "good clients"), marked(red, "others")}
	}
	return f, err
}

// listed tells the first few of so many numbers.
func listed(at func(int) int64, n int) string {
	var texts []string
	for place := range min(n, 5) {
		texts = append(texts, comma(at(place)))
	}
	if n > len(texts) {
		texts = append(texts, "and less")
	}
	return strings.Join(texts, ", ")
}

// frontierFigure shows every quota as what it denies to good clients against
// what it leaves to the backend.
func (r *Report) frontierFigure() (figure, error) {
	f := r.Found
	chosen, knee := f.Points[f.Chosen], f.Points[f.Knee]
	at := func(p int) plotter.XY {
		point := f.Points[p]
		return plotter.XY{X: float64(point.GoodClients), Y: float64(f.Goal.Backend.Of(point))}
	}
	label := fmt.Sprintf("%d quotas by what they deny to good clients and what they leave to the backend; advised is %v, the knee is %v", len(f.Points), chosen.Quota, knee.Quota)
	drawn, err := newFigure("Which quota", label, func() (*plot.Plot, error) {
		p := plot.New()
		p.X.Label.Text, p.Y.Label.Text = "good clients with a denial", "passed in any "+words.Period(f.Goal.Backend.Span)
		p.X.Tick.Marker, p.Y.Tick.Marker = counts{}, counts{}
		var rest, frontier plotter.XYs
		for i, point := range f.Points {
			if point.Frontier {
				frontier = append(frontier, at(i))
			} else {
				rest = append(rest, at(i))
			}
		}
		line, err := plotter.NewLine(frontier)
		if err != nil {
			return nil, err
		}
		line.Color, line.Width, line.StepStyle = blue, vg.Points(1), plotter.PostStep
		err = points(p, rest, gray, 1.5)
		p.Add(line)
		err = errors.Join(err, points(p, frontier, blue, 2.5),
			points(p, plotter.XYs{at(f.Knee)}, gold, 4.5), points(p, plotter.XYs{at(f.Chosen)}, red, 4.5))
		p.Y.Min, p.Y.Max = 0, max(p.Y.Max, 1)*1.05
		p.X.Min, p.X.Max = -0.02*max(p.X.Max, 1), max(p.X.Max, 1)*1.02
		return p, err
	})
	drawn.Legend = []mark{marked(red, "advised: "+chosen.Quota.String()), marked(blue, "the frontier"), marked(gray, "other quotas")}
	if f.Knee != f.Chosen {
		drawn.Legend = append(drawn.Legend, marked(gold, "the knee: "+knee.Quota.String()))
	}
	return drawn, err
}

// counts are the ticks of an axis that counts, at round whole numbers.
type counts struct{}

func (counts) Ticks(low, high float64) (all []plot.Tick) {
	const most = 5
	step := 1.0
	for scale := 1.0; (high-low)/step > most; scale *= 10 {
		for _, times := range []float64{1, 2, 5} {
			if step = scale * times; (high-low)/step <= most {
				break
			}
		}
	}
	for value := math.Ceil(low/step) * step; value <= high; value += step {
		all = append(all, plot.Tick{Value: value, Label: comma(int64(value))})
	}
	return all
}

// decades are the ticks of a logarithmic axis, written as whole numbers.
type decades struct{}

func (decades) Ticks(low, high float64) (all []plot.Tick) {
	for decade := math.Floor(math.Log10(low)); decade <= math.Ceil(math.Log10(high)); decade++ {
		for n := range 9 {
			value := math.Pow(10, decade) * float64(n+1)
			if value < low || value > high {
				continue
			}
			label := ""
			if n == 0 || n == 1 || n == 4 {
				label = comma(int64(math.Round(value)))
			}
			all = append(all, plot.Tick{Value: value, Label: label})
		}
	}
	return all
}

// clocks are the ticks of an axis of Unix seconds, at round times of the day.
type clocks struct{}

// clockSteps are the distances between two ticks.
var clockSteps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour, 364 * 24 * time.Hour,
}

func (clocks) Ticks(low, high float64) (all []plot.Tick) {
	const most = 5
	step := clockSteps[len(clockSteps)-1]
	for _, candidate := range clockSteps {
		if (high-low)/candidate.Seconds() <= most {
			step = candidate
			break
		}
	}
	format := "15:04"
	switch {
	case step < time.Minute:
		format = "15:04:05"
	case step >= 24*time.Hour:
		format = "2006-01-02"
	case high-low > (24 * time.Hour).Seconds():
		format = "01-02 15:04"
	}
	for at := math.Ceil(low/step.Seconds()) * step.Seconds(); at <= high; at += step.Seconds() {
		all = append(all, plot.Tick{Value: at, Label: time.Unix(int64(at), 0).UTC().Format(format)})
	}
	return all
}
