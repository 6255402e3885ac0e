// Package tune tells how a limiter should be set for a workload: it replays
// the workload through the library, and makes what comes out into tables, one
// recommendation, and a page.
package tune

//go:generate sh -c "go run ./shoplog > testdata/shop.log"

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/advice"
	bars "github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/render"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Options say what to tune, and for what.
type Options struct {
	Source   string // where the workload is from, for people
	Load     Loading
	Quota    throttled.Quota // zero: to be found
	Sought   quota.Goal      // what a quota that is to be found has to keep
	Good     []string        // the keys of clients that are good; nil: see quota.Good
	Sizes    []int           // see replay.Options
	Passes   int             // see replay.Options; a short workload is replayed more often
	Spread   bool            // spread the requests of a second over it
	Deadline time.Duration   // how long who waits would wait; 0: nobody waits
	Goal     advice.Goal
	Page     string // the file to write the page to, if any
}

// Run does it: the report goes to out, and a bar to progress if that is a
// terminal. It ends with the error of ctx when ctx ends.
func Run(ctx context.Context, options Options, out, progress io.Writer) error {
	bar := bars.New(progress)
	defer bar.End()
	w, err := options.Load(ctx, bar)
	if err != nil {
		return err
	}
	if options.Good != nil {
		if err := w.NameGood(options.Good); err != nil {
			return err
		}
	}
	if options.Spread {
		if !w.WholeSeconds() {
			return fmt.Errorf("-spread is for times in whole seconds; those of %s are finer", options.Source)
		}
		w.Spread()
	}
	report := render.Report{Source: options.Source, Spread: options.Spread, Deadline: options.Deadline}
	if len(options.Quota.Rates()) == 0 {
		bar.Steps("looking for a quota", quota.MostSteps(w))
		report.Found, err = quota.Search(ctx, quota.Options{Workload: w, Goal: options.Sought, Step: func() error {
			bar.Add(1)
			return nil
		}})
		if err != nil {
			return err
		}
		options.Quota, report.Uses = report.Found.Points[report.Found.Chosen].Quota, report.Found.Uses
		report.Good = report.Found.Good
	} else {
		report.Uses = quota.UsesOf(w)
		report.Good = quota.GoodOf(w, report.Uses)
	}
	if report.Result, err = replayed(ctx, options, w, report.Good.Is, bar); err != nil {
		return err
	}
	if report.Found == nil {
		report.Advice = advice.Give(report.Result, options.Goal)
	} else {
		chosen := report.Found.Points[report.Found.Chosen].Algorithm
		report.Advice = advice.GiveFound(report.Result, advice.Found{Algorithm: chosen, Reasons: report.Found.Reasons()})
	}
	bar.End()
	if err := report.Text(out); err != nil {
		return err
	}
	if options.Page == "" {
		return nil
	}
	return WritePage(options.Page, report.Page, progress)
}

// WritePage writes a page to a file, and says so.
func WritePage(path string, write func(io.Writer) error, progress io.Writer) error {
	var page bytes.Buffer
	if err := write(&page); err != nil {
		return err
	}
	if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
		return err
	}
	_, err := fmt.Fprintln(progress, "wrote", path)
	return err
}

// replayed replays the workload under a quota.
func replayed(ctx context.Context, options Options, w *workload.Workload, good []bool, bar *bars.Progress) (*replay.Result, error) {
	replaying := replay.Options{
		Workload: w,
		Quota:    options.Quota,
		Good:     good,
		Deadline: options.Deadline,
		Sizes:    options.Sizes,
		Passes:   passes(options.Passes, len(w.Requests)),
		Step: func(requests int) error {
			bar.Add(int64(requests))
			return ctx.Err()
		},
	}
	bar.Steps("replaying", replaying.MostSteps())
	return replay.Run(replaying)
}

// fewestCalls are measured at least: a short workload is over before a
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
