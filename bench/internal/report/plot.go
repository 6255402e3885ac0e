package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette is told apart by those who are colour-blind too, and on a dark ground.
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff},
	{0xe6, 0x9f, 0x00, 0xff},
	{0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff},
}

// series is one colour of a plot.
type series struct {
	name   string
	values []float64 // 0: there is none
}

// picture is a drawing in two widths, for a page to show one of.
type picture struct {
	Legend       []mark
	Wide, Narrow template.HTML
}

// mark is what a colour stands for.
type mark struct {
	Color template.CSS
	Name  string
}

// oursMark stands before the name of this library in a plot.
const oursMark = "▸ "

// dots draws a dot of each series for each name, the first on top, over a
// logarithmic axis: one that is far from all others leaves these apart.
func dots(label string, names []string, all []series, unit string) (picture, error) {
	return draws(label, 18*len(names)+50, all, func() (*plot.Plot, error) {
		p := newPlot()
		p.X.Label.Text, p.X.Scale, p.X.Tick.Marker = unit, plot.LogScale{}, decades{}
		low, high := math.Inf(1), 1.0
		for i, s := range all {
			var points plotter.XYs
			for place, value := range s.values {
				if value > 0 {
					points = append(points, plotter.XY{X: value, Y: float64(len(names) - 1 - place)})
					low, high = min(low, value), max(high, value)
				}
			}
			if len(points) == 0 {
				continue
			}
			scatter, err := plotter.NewScatter(points)
			if err != nil {
				return nil, err
			}
			scatter.GlyphStyle = draw.GlyphStyle{Color: palette[i], Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
			p.Add(scatter)
		}
		grid := plotter.NewGrid()
		grid.Vertical.Color, grid.Horizontal.Color = lineColor, lineColor
		p.Add(grid)
		back := slices.Clone(names)
		slices.Reverse(back)
		p.NominalY(back...)
		p.X.Min, p.X.Max = min(low, high)*0.8, high*1.25
		p.Y.Min, p.Y.Max = -0.7, float64(len(names))-0.3
		return p, nil
	})
}

// lineColor is that of a grid, on a light ground and on a dark one.
var lineColor = color.RGBA{0x80, 0x80, 0x80, 0x50}

// lines draws how large a share was at most so late, over a logarithmic axis.
func lines(label string, all []series) (picture, error) {
	return draws(label, 300, all, func() (*plot.Plot, error) {
		p := newPlot()
		p.X.Label.Text, p.Y.Label.Text = "late, µs (1 or less at the left)", "share of those who waited, %"
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, decades{}
		high := 10.0
		for i, s := range all {
			points := make(plotter.XYs, len(s.values))
			for percent, late := range s.values {
				points[percent] = plotter.XY{X: max(late, 1), Y: float64(percent)}
				high = max(high, late)
			}
			line, err := plotter.NewLine(points)
			if err != nil {
				return nil, err
			}
			line.Color, line.Width = palette[i%len(palette)], vg.Points(2)
			p.Add(line)
		}
		p.X.Min, p.X.Max = 1, high*1.1
		p.Y.Min, p.Y.Max = 0, 105 // room for the label of 100
		return p, nil
	})
}

// newPlot has every text in a monospaced font: they are all equally wide, so
// the page looks the same where the font is another one.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the page's own
	for _, style := range []*draw.TextStyle{&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		style.Font.Variant, style.Font.Size = font.Variant("Mono"), vg.Points(9)
	}
	return p
}

// draws makes a picture, once for each width.
func draws(label string, height int, all []series, build func() (*plot.Plot, error)) (made picture, err error) {
	for i, s := range all {
		if s.name != "" {
			c := palette[i%len(palette)]
			made.Legend = append(made.Legend, mark{template.CSS(fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)), s.name})
		}
	}
	for width, to := range map[vg.Length]*template.HTML{700: &made.Wide, 350: &made.Narrow} {
		p, err := build()
		if err != nil {
			return made, err
		}
		canvas := vgsvg.New(width, vg.Length(height))
		const overhang = 14 // half of the last label on the axis hangs over its end
		p.Draw(draw.Crop(draw.New(canvas), 0, -overhang, 0, 0))
		if *to, err = embedded(canvas, label); err != nil {
			return made, err
		}
	}
	return made, nil
}

// embedded returns a drawing as an element of a page.
func embedded(canvas *vgsvg.Canvas, label string) (template.HTML, error) {
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", err
	}
	// What comes before the element belongs to a file of its own.
	_, element, _ := strings.Cut(text.String(), "<svg")
	return template.HTML(`<svg role="img" aria-label="` + template.HTMLEscapeString(label) + `"` + element), nil
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
			tick := plot.Tick{Value: value}
			if n == 0 || high/low < 200 && (n == 1 || n == 4) {
				tick.Label = strconv.FormatFloat(value, 'f', -1, 64)
			}
			all = append(all, tick)
		}
	}
	return all
}
