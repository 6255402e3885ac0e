// Package progress draws a bar on a terminal, and nothing where there is none.
package progress

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress is a bar for one stage after another. A nil Progress draws nothing.
type Progress struct {
	out io.Writer
	bar *progressbar.ProgressBar // of the stage that is under way
}

// New returns what draws on out, or nil if out is no terminal.
func New(out io.Writer) *Progress {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &Progress{out: out}
}

// Bytes begins a stage that reads so many bytes; -1: it is not known how many.
func (p *Progress) Bytes(what string, total int64) {
	p.begin(what, total, progressbar.OptionShowBytes(true))
}

// Steps begins a stage of so many steps.
func (p *Progress) Steps(what string, total int64) { p.begin(what, total) }

func (p *Progress) begin(what string, total int64, options ...progressbar.Option) {
	if p == nil {
		return
	}
	p.End()
	p.bar = progressbar.NewOptions64(total, append(options,
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)...)
}

// Add says that n more bytes or steps are done.
func (p *Progress) Add(n int64) {
	if p != nil && p.bar != nil {
		_ = p.bar.Add64(n) // a bar that cannot be drawn is no reason to stop
	}
}

// End takes the bar away.
func (p *Progress) End() {
	if p != nil && p.bar != nil {
		_ = p.bar.Clear() // as above
		_ = p.bar.Exit()
		p.bar = nil
	}
}
