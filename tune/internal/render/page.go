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
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	plots, err := r.timelines()
	if err != nil {
		return err
	}
	return page.Execute(w, map[string]any{
		"Source": r.Source,
		"Facts":  r.facts(),
		"Advice": r.Advice,
		"Plots":  plots,
		"Tables": r.tables(),
	})
}
