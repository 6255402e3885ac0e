package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/load"
	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/render"
	"github.com/throttled-go/throttled/tune/internal/tune"
)

const loadUsage = `Usage: throttled-bench load -store STORE (-log FILE | -csv FILE | -rate RATE) [flags]

Drives a real store with a workload, as fast as it goes or in the time of the workload, and measures decisions
a second, how late the answers come, and what it costs a Redis. Several numbers, or several -quota, are compared.

  throttled-bench load -store redis://localhost:6379 -quota 60/m -log access.log -callers 16,256 -deny-cache 0,10000
  throttled-bench load -store memory -rate 20000/s -keys 50000 -for 10s -speed 1

`

// loadFlags are the flags of load, as they were given.
type loadFlags struct {
	set    *flag.FlagSet
	source source

	store, callers, denyCache string
	speed, prefix, html       string
	algorithm                 throttled.Algorithm
	quotas                    []throttled.Quota
	maxSize                   int
	yes                       bool
}

func loadCommand(ctx context.Context, args []string, std streams) error {
	f := newLoadFlags()
	if helped, err := parse(f.set, args, loadUsage, std.err); helped || err != nil {
		return err
	}
	options, source, loading, err := f.options(std)
	if err != nil {
		return err
	}
	return f.run(ctx, options, source, loading, std)
}

func newLoadFlags() *loadFlags {
	f := &loadFlags{set: flag.NewFlagSet("load", flag.ContinueOnError)}
	set := f.set
	set.SetOutput(io.Discard) // it would tell an error that is returned too
	set.StringVar(&f.store, "store", "", "memory, actor, or the `URL` of a Redis, like redis://localhost:6379")
	set.Func("quota", `the quota of each client, like "100/s burst 200"; several times: they are compared; default: 60/m`, func(text string) error {
		quota, err := throttled.ParseQuota(text)
		f.quotas = append(f.quotas, quota)
		return err
	})
	set.TextVar(&f.algorithm, "algorithm", throttled.TokenBucket, "token_bucket, leaky_bucket, gcra, fixed_window or sliding_window")
	set.StringVar(&f.callers, "callers", "16", "how many call at once; several with commas are compared")
	set.StringVar(&f.denyCache, "deny-cache", "0", "with a Redis: of how many keys it is kept that they are exhausted; several with commas are compared")
	set.StringVar(&f.speed, "speed", "max", "how many times as fast as the workload was, like 1 or 10; max: as fast as it goes")
	set.IntVar(&f.maxSize, "max-size", 0, "of the stores in memory; default: 1024")
	set.StringVar(&f.prefix, "prefix", "throttled-bench", "of the keys in a Redis; they are deleted at the end")
	set.BoolVar(&f.yes, "yes", false, "do not ask before keys of the prefix are deleted that are there already")
	set.StringVar(&f.html, "html", "", "write a page with pictures to this `file` too")
	f.source.register(set)
	return f
}

var plainPrefix = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// options checks the flags, and says everything that is wrong with them.
func (f *loadFlags) options(std streams) (o load.Options, source string, loading tune.Loading, err error) {
	o = load.Options{Store: f.store, Algorithm: f.algorithm, MaxSize: f.maxSize, Prefix: f.prefix, Confirm: f.confirm(std)}
	if f.store != "memory" && f.store != "actor" && !strings.Contains(f.store, "://") {
		err = fmt.Errorf("-store is %q; it must be memory, actor or the URL of a Redis, like redis://localhost:6379", f.store)
	}
	callers, fault := numbers("callers", f.callers, 1, 100_000)
	err = errors.Join(err, fault)
	caches, fault := numbers("deny-cache", f.denyCache, 0, 1<<24)
	err = errors.Join(err, fault)
	if f.speed != "max" {
		times, fault := strconv.ParseFloat(f.speed, 64)
		if fault != nil || !(times > 0 && times <= 1e6) {
			err = errors.Join(err, fmt.Errorf("-speed is %q; it must be max, or a number above 0 like 1 or 10", f.speed))
		}
		o.Pace.Times = times
	}
	if !plainPrefix.MatchString(f.prefix) {
		err = errors.Join(err, fmt.Errorf("-prefix is %q; it must be of letters, digits, dots, - and _", f.prefix))
	}
	if len(caches) > 1 && !strings.Contains(f.store, "://") {
		err = errors.Join(err, errors.New("-deny-cache is for a Redis"))
	}
	quotas := f.quotas
	if quotas == nil {
		quotas = []throttled.Quota{throttled.PerMinute(60)}
	}
	for _, quota := range quotas {
		for _, n := range callers {
			for _, cache := range caches {
				o.Settings = append(o.Settings, load.Settings{Quota: quota, Callers: n, DenyCache: cache})
			}
		}
	}
	source, loading, fault = f.source.resolve(f.set, std.in)
	return o, source, loading, errors.Join(err, fault)
}

func (f *loadFlags) run(ctx context.Context, o load.Options, source string, loading tune.Loading, std streams) error {
	bar := progress.New(std.err)
	defer bar.End()
	w, err := loading(ctx, bar)
	if err != nil {
		return err
	}
	begin := sync.OnceFunc(func() { bar.Steps("asking", int64(len(w.Requests)*len(o.Settings))) })
	o.Workload, o.Step = w, func(n int) {
		begin() // not before: the bar would stand where a question is asked
		bar.Add(int64(n))
	}
	runs, err := load.Do(ctx, o)
	bar.End()
	if err != nil {
		return err
	}
	report := render.Load{Source: source, Options: &o, Runs: runs}
	if err := report.Text(std.out); err != nil || f.html == "" {
		return err
	}
	return tune.WritePage(f.html, report.Page, std.err)
}

// confirm asks a person, and refuses where there is none.
func (f *loadFlags) confirm(std streams) func(question string) error {
	return func(question string) error {
		if f.yes {
			return nil
		}
		in, ok := std.in.(*os.File)
		if !ok || !term.IsTerminal(int(in.Fd())) {
			return fmt.Errorf("%s; choose another -prefix, or say -yes", question)
		}
		if _, err := fmt.Fprintf(std.err, "%s. Go on? [y/N] ", question); err != nil {
			return err
		}
		answer, err := bufio.NewReader(in).ReadString('\n')
		if answer = strings.ToLower(strings.TrimSpace(answer)); err == nil && (answer == "y" || answer == "yes") {
			return nil
		}
		return errors.New("left as it was")
	}
}

// numbers reads a list of numbers within bounds.
func numbers(name, text string, least, most int) (all []int, err error) {
	for _, part := range list(text) {
		n, err := strconv.Atoi(part)
		if err != nil || n < least || n > most {
			return nil, fmt.Errorf("-%s has %q; give numbers from %d to %d, like 16,256", name, part, least, most)
		}
		all = append(all, n)
	}
	return all, nil
}
