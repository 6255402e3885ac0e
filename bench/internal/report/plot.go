package report

import (
	"bytes"
	"html/template"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette is told apart by those who are colour-blind too.
var palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff},
	color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	color.RGBA{0x56, 0xb4, 0xe9, 0xff},
}

// series is one colour of a plot.
type series struct {
	name   string
	values []float64
}

// bars draws a bar of each series for each name, lying, the first on top.
func bars(names []string, all []series, unit string) (template.HTML, error) {
	p := newPlot()
	p.X.Label.Text = unit
	p.X.Min = 0
	p.Legend.Top = true // the first ones are the baselines, which are short
	width := vg.Points(16 / float64(len(all)))
	for i, s := range all {
		chart, err := plotter.NewBarChart(plotter.Values(reversed(s.values)), width)
		if err != nil {
			return "", err
		}
		chart.Horizontal, chart.Color, chart.LineStyle.Width = true, palette[i], 0
		chart.Offset = width * vg.Length(float64(len(all)-1)/2-float64(i))
		p.Add(chart)
		if s.name != "" {
			p.Legend.Add(s.name, chart)
		}
	}
	p.NominalY(reversed(names)...)
	return svg(p, vg.Points(24*float64(len(names))+60))
}

// lines draws how large a share was at most so late.
func lines(all []series) (template.HTML, error) {
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = "late, µs", "share of those who waited, %"
	p.Y.Max = 105 // room for the label of 100
	p.Add(plotter.NewGrid())
	for i, s := range all {
		points := make(plotter.XYs, len(s.values))
		for percent, late := range s.values {
			points[percent] = plotter.XY{X: late, Y: float64(percent)}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return "", err
		}
		line.Color, line.Width = palette[i%len(palette)], vg.Points(2)
		p.Add(line)
		p.Legend.Add(s.name, line)
	}
	return svg(p, vg.Points(320))
}

// newPlot has every text in a monospaced font: they are all equally wide, so
// the page looks the same where the font is another one.
func newPlot() *plot.Plot {
	p := plot.New()
	for _, style := range []*draw.TextStyle{
		&p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant, style.Font.Size = "Mono", vg.Points(10)
	}
	p.Legend.XOffs, p.Legend.Padding = -vg.Points(8), vg.Points(3)
	return p
}

// svg draws p so that it can stand in a page.
func svg(p *plot.Plot, height vg.Length) (template.HTML, error) {
	canvas := vgsvg.New(vg.Points(720), height)
	p.Draw(draw.New(canvas))
	var text bytes.Buffer
	if _, err := canvas.WriteTo(&text); err != nil {
		return "", err
	}
	// What comes before the element belongs to a file of its own.
	return template.HTML(text.Bytes()[max(bytes.Index(text.Bytes(), []byte("<svg")), 0):]), nil
}

func reversed[T any](all []T) []T {
	back := make([]T, len(all))
	for i, v := range all {
		back[len(all)-1-i] = v
	}
	return back
}
