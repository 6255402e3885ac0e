package render

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

// Page writes the report as one HTML page that needs nothing else: no network,
// no script.
func (r *Report) Page(w io.Writer) error {
	var choosing []figure
	for _, draw := range r.choosing() {
		drawn, err := draw()
		if err != nil {
			return err
		}
		choosing = append(choosing, drawn)
	}
	timelines, err := r.timelines()
	if err != nil {
		return err
	}
	return execute(w, map[string]any{
		"Title":     "What a limiter would do with " + r.Source,
		"Source":    r.Source,
		"Facts":     r.facts(),
		"Advice":    r.Advice,
		"Choosing":  choosing,
		"Timelines": timelines,
		"Tables":    r.tables(),
	})
}

// choosing are the pictures that a quota is read off.
func (r *Report) choosing() []func() (figure, error) {
	if r.Found == nil {
		return []func() (figure, error){r.useFigure}
	}
	return []func() (figure, error){r.useFigure, r.frontierFigure}
}

// execute fills the page.
func execute(w io.Writer, view map[string]any) error {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	return page.Execute(w, view)
}
