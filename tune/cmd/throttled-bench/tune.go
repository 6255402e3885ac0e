package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/tune"
)

const tuneUsage = `Usage: throttled-bench tune [-quota QUOTA | -goal GOAL] (-log FILE | -csv FILE | -rate RATE) [flags]

Replays a workload through many quotas, every algorithm and several sizes of the store, and says how to set
the limiter. With -quota that quota is kept. A FILE may be compressed by gzip, and - is the standard input.

  throttled-bench tune -log access.log -html tune.html
  throttled-bench tune -log access.log -goal "deny <= 0.1% of clients, <= 50/s on the backend"
  throttled-bench tune -quota "100/s burst 200" -log access.log -html tune.html
  throttled-bench tune -quota 60/m -log access.json -key forwarded
  throttled-bench tune -quota 60/m -csv calls.csv -key-column user
  throttled-bench tune -quota 10/s -rate 20000/s -keys 50000 -zipf 1.1 -for 1m

`

// tuneFlags are the flags of tune, as they were given.
type tuneFlags struct {
	set *flag.FlagSet

	quota, goal, good    string
	html, protect, sizes string
	passes               int
	spread               bool
	deadline             time.Duration

	source source
}

func tuneCommand(ctx context.Context, args []string, std streams) error {
	f := newTuneFlags()
	if helped, err := parse(f.set, args, tuneUsage, std.err); helped || err != nil {
		return err
	}
	options, err := f.options(std.in)
	if err != nil {
		return err
	}
	return tune.Run(ctx, options, std.out, std.err)
}

func newTuneFlags() *tuneFlags {
	f := &tuneFlags{set: flag.NewFlagSet("tune", flag.ContinueOnError)}
	set := f.set
	set.SetOutput(io.Discard) // it would tell an error that is returned too
	set.StringVar(&f.quota, "quota", "", `the quota of each client, like "100/s burst 200"; default: one is looked for`)
	set.StringVar(&f.goal, "goal", "", `what the quota that is looked for has to keep, like "deny <= 0.1% of clients, <= 50/s on the backend"; default: deny no good client, and leave the least to the backend`)
	set.StringVar(&f.good, "good", "", "the good clients, one key in each line of this `file`; default: those whose use does not stand out")
	set.StringVar(&f.html, "html", "", "write a page with pictures to this `file` too")
	set.StringVar(&f.protect, "protect", "clients", "with -quota: what to hold dearer: clients (nobody within the quota is denied) or backend (the least of all clients together)")
	set.StringVar(&f.sizes, "sizes", "", "the values of MaxSize to try, like 256,1024; default: a few around what is needed")
	set.IntVar(&f.passes, "passes", 5, "how often to replay each table at least to measure it; 0: measure nothing")
	set.DurationVar(&f.deadline, "deadline", 10*time.Second, "how long a client would wait for its turn, to tell what comes of Wait instead of Limit; 0: do not tell")
	set.BoolVar(&f.spread, "spread", false, "spread the requests of a second evenly over it, where times are whole seconds")

	f.source.register(set)
	f.source.registerGood(set)
	return f
}

// options checks the flags, and says everything that is wrong with them.
func (f *tuneFlags) options(in io.Reader) (tune.Options, error) {
	options := tune.Options{Passes: f.passes, Spread: f.spread, Deadline: f.deadline, Goal: advice.Goal(f.protect), Page: f.html}
	var err, fault error
	if options.Quota, options.Sought, fault = f.sought(); fault != nil {
		err = errors.Join(err, fault)
	}
	if options.Good, fault = f.goodKeys(); fault != nil {
		err = errors.Join(err, fault)
	}
	if options.Sizes, fault = parseSizes(f.sizes); fault != nil {
		err = errors.Join(err, fault)
	}
	if f.passes < 0 || f.passes > 1000 {
		err = errors.Join(err, fmt.Errorf("-passes is %d; it must be from 0 to 1000", f.passes))
	}
	if f.deadline < 0 {
		err = errors.Join(err, fmt.Errorf("-deadline is %v; it must be 0 or more, like 10s", f.deadline))
	}
	err = errors.Join(err, oneOf("protect", f.protect, "clients", "backend"))
	options.Source, options.Load, fault = f.source.resolve(f.set, in)
	return options, errors.Join(err, fault)
}

// sought returns the quota that was given, or what one has to keep.
func (f *tuneFlags) sought() (given throttled.Quota, goal quota.Goal, err error) {
	switch {
	case f.quota != "" && f.goal != "":
		return given, quota.NoGoal, errors.New("-quota gives a quota, and -goal says what one to look for: leave out one of them")
	case f.quota != "":
		given, err = throttled.ParseQuota(f.quota)
		return given, quota.NoGoal, err
	case f.protect != string(advice.Clients):
		return given, quota.NoGoal, errors.New("-protect goes with -quota, which is not given; where a quota is looked for, say it with -goal")
	case f.goal != "":
		goal, err = quota.ParseGoal(f.goal)
		return given, goal, err
	default:
		return given, quota.NoGoal, nil
	}
}

// goodKeys reads the list of good clients.
func (f *tuneFlags) goodKeys() (keys []string, err error) {
	if f.good == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.good)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if key := f.source.addresses().Key(line); key != "" {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		return nil, fmt.Errorf("%s names no client; it has one key in each line", f.good)
	}
	return keys, nil
}

func parseSizes(text string) (sizes []int, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || size < 1 || size > table.MaxCapacity {
			return nil, fmt.Errorf("-sizes has %q; give numbers from 1 to %d, like 256,1024", part, table.MaxCapacity)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("-%s is %q; it must be %s", name, value, strings.Join(allowed, " or "))
}
