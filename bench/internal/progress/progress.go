// Package progress shows how far a long command has come: a bar on a terminal,
// and lines where there is none.
package progress

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress counts the steps of a command.
type Progress struct {
	file        *os.File
	bar         *progressbar.ProgressBar // nil: lines
	done, total int
	stage       string
	told        time.Time // when the last line was written
}

// New begins to count the steps, total of them, on file.
func New(file *os.File, total int) *Progress {
	p := &Progress{file: file, total: total}
	if term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(file),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(30),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// Step says that a step of a stage begins.
func (p *Progress) Step(stage, what string) {
	p.done++
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%-46.46s", stage+": "+what))
		_ = p.bar.Set(p.done - 1) // a bar that cannot be drawn is no reason to stop
		return
	}
	const often = 10 * time.Second
	if stage == p.stage && time.Since(p.told) < often {
		return
	}
	p.stage, p.told = stage, time.Now()
	_, _ = fmt.Fprintf(p.file, "%d of %d, %s: %s\n", p.done, p.total, stage, what) // as above
}

// End takes the bar away.
func (p *Progress) End() {
	if p.bar != nil {
		_ = p.bar.Finish() // as above
	}
}
