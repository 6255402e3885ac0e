package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	for _, fact := range r.facts() {
		fmt.Fprintln(&b, fact)
	}
	for _, t := range r.tables() {
		t.text(&b)
	}
	fmt.Fprintf(&b, "\nRecommendation: %s\n\n", r.Advice.Summary)
	for _, reason := range r.Advice.Reasons {
		fmt.Fprintf(&b, "- %s\n", reason)
	}
	fmt.Fprintln(&b)
	for line := range strings.Lines(r.Advice.Code) {
		fmt.Fprint(&b, "    ", line)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// text writes t in columns: the first to the left, numbers to the right.
func (t table) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s\n\n", t.Title)
	widths := make([]int, len(t.Head))
	rows := append([][]string{t.Head}, t.Rows...)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		fmt.Fprintf(&line, "  %-*s", widths[0], row[0])
		for i, cell := range row[1:] {
			fmt.Fprintf(&line, "  %*s", widths[i+1], cell)
		}
		fmt.Fprintln(b, strings.TrimRight(line.String(), " "))
	}
	for i, note := range t.Notes {
		if i == 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "  %s\n", note)
	}
}
