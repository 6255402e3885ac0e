// Command report measures this library beside other limiters, and makes a page
// of it.
//
//	go -C bench run ./cmd/report -quick
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/throttled-go/throttled/bench/internal/progress"
	"github.com/throttled-go/throttled/bench/internal/report"
)

// interrupted is the exit status of a shell command that SIGINT ended.
const interrupted = 130

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ended := context.AfterFunc(ctx, func() {
		fmt.Fprintln(os.Stderr, "\nreport: stops after this measurement; once more ends it at once")
		stop()
	})
	err := run(ctx, os.Args[1:])
	ended()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "report: interrupted, so no page was written")
		os.Exit(interrupted)
	default:
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

// run measures, and writes a page and the raw figures beside it.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	set := report.Full()
	quick := flags.Bool("quick", false, "fewer loads and runs: less than two minutes instead of most of an hour")
	flags.IntVar(&set.Count, "count", set.Count, "how often each figure is measured (quick: 3)")
	flags.StringVar(&set.BenchTime, "benchtime", set.BenchTime, "how long each time, as in go test (quick: 10ms)")
	flags.IntVar(&set.Steps, "steps", set.Steps, "requests of each kind that are compared with the exact law (quick: 3000)")
	flags.IntVar(&set.Waiting, "waiting", set.Waiting, "how many wait at one limiter")
	out := flags.String("o", "report.html", "the page; the raw figures go into a file beside it that ends in .json")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("report takes no %q", flags.Arg(0))
	}
	if *quick {
		given := set
		set = report.Quick()
		flags.Visit(func(f *flag.Flag) { set.Override(f.Name, given) })
	}

	bar := progress.New(os.Stderr, set.Total())
	made, err := report.Measure(ctx, set, bar.Step)
	bar.End()
	if ctx.Err() != nil {
		return ctx.Err() // whatever it was that ended by it
	}
	if err != nil {
		return err
	}
	made.Command, made.Made = command(flags), time.Now().UTC().Truncate(time.Second)
	return write(made, *out)
}

// command is what makes the same figures again. Where they were written is the
// user's own business.
func command(flags *flag.FlagSet) string {
	words := []string{"go -C bench run ./cmd/report"}
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "o" {
			words = append(words, fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	return strings.Join(words, " ")
}

func write(made *report.Report, path string) error {
	page, err := made.HTML()
	if err != nil {
		return err
	}
	raw, err := made.JSON()
	if err != nil {
		return err
	}
	beside := strings.TrimSuffix(path, filepath.Ext(path)) + ".json"
	if err := os.WriteFile(path, page, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(beside, raw, 0o644); err != nil {
		return err
	}
	fmt.Println("wrote", path, "and", beside)
	return nil
}
