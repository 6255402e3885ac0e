// Package tune tells how a limiter should be set for a workload: it replays
// the workload through the library, and makes what comes out into tables, one
// recommendation, and a page.
package tune

//go:generate sh -c "go run ./shoplog > testdata/shop.log"

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/bench/internal/tune/advice"
	"github.com/throttled-go/throttled/bench/internal/tune/render"
	"github.com/throttled-go/throttled/bench/internal/tune/replay"
	"github.com/throttled-go/throttled/bench/internal/tune/workload"
)

// Options say what to tune, and for what.
type Options struct {
	Source string // where the workload is from, for people
	Load   func() (*workload.Workload, error)
	Quota  throttled.Quota
	Sizes  []int // see replay.Options
	Passes int   // see replay.Options; a short workload is replayed more often
	Spread bool  // spread the requests of a second over it
	Goal   advice.Goal
	Page   string // the file to write the page to, if any
}

// Run does it: the report goes to out, and what is being done to progress.
func Run(options Options, out, progress io.Writer) error {
	w, err := options.Load()
	if err != nil {
		return fmt.Errorf("%s: %w", options.Source, err)
	}
	if options.Spread {
		if !w.WholeSeconds() {
			return fmt.Errorf("-spread is for times in whole seconds; those of %s are finer", options.Source)
		}
		w.Spread()
	}
	say := func(format string, args ...any) {
		fmt.Fprintf(progress, format, args...) //nolint:errcheck // who cannot hear it can do without
	}
	say("replaying %d requests\n", len(w.Requests))
	result, err := replay.Run(replay.Options{
		Workload: w,
		Quota:    options.Quota,
		Sizes:    options.Sizes,
		Passes:   passes(options.Passes, len(w.Requests)),
	})
	if err != nil {
		return err
	}
	report := render.Report{Source: options.Source, Spread: options.Spread, Result: result, Advice: advice.Give(result, options.Goal)}
	if err := report.Text(out); err != nil {
		return err
	}
	if options.Page == "" {
		return nil
	}
	var page bytes.Buffer
	if err := report.Page(&page); err != nil {
		return err
	}
	if err := os.WriteFile(options.Page, page.Bytes(), 0o644); err != nil {
		return err
	}
	say("wrote %s\n", options.Page)
	return nil
}

// fewestCalls are measured at the least: a short workload is over before a
// processor has warmed up.
const fewestCalls = 500_000

// passes returns how often to replay so many requests where it was asked to be
// done so often.
func passes(asked, requests int) int {
	if asked == 0 {
		return 0
	}
	return max(asked, fewestCalls/requests)
}

// FromFile returns a function that reads the file at path, or in if path is
// "-".
func FromFile(path string, in io.Reader, read func(io.Reader) (*workload.Workload, error)) func() (*workload.Workload, error) {
	return func() (w *workload.Workload, err error) {
		if path == "-" {
			return read(in)
		}
		file, err := os.Open(path)
		if err != nil {
			return nil, unwrapPath(err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		return read(file)
	}
}

// unwrapPath takes the path out of an error that will be told with it.
func unwrapPath(err error) error {
	if fault, ok := errors.AsType[*os.PathError](err); ok {
		return fault.Err
	}
	return err
}
