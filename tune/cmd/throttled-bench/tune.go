package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
	"github.com/throttled-go/throttled/tune/internal/advice"
	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/tune"
	"github.com/throttled-go/throttled/tune/internal/workload"
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
	log, csv, rate       string
	html, protect, sizes string
	passes               int
	spread               bool
	deadline             time.Duration

	format, key               string
	logCost, logTime, logGood string
	keyColumn                 string
	ipv6Prefix                int
	columns                   workload.Columns
	described                 workload.Described
	cost                      string
}

// sourceFlags are those that speak of one source only.
var sourceFlags = map[string][]string{
	"log":  {"format", "key", "log-cost", "log-time", "log-good"},
	"csv":  {"time-column", "key-column", "cost-column", "good-column"},
	"rate": {"keys", "zipf", "cost", "for", "seed"},
}

func tuneCommand(ctx context.Context, args []string, std streams) error {
	f := newTuneFlags()
	switch err := f.set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		f.set.SetOutput(std.err)
		_, err := io.WriteString(std.err, tuneUsage)
		f.set.PrintDefaults()
		return err
	case err != nil:
		return fmt.Errorf("%w; tune -h lists the flags", err)
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
	set.IntVar(&f.passes, "passes", 5, "how often to replay each table at the least to measure it; 0: measure nothing")
	set.DurationVar(&f.deadline, "deadline", 10*time.Second, "how long a client would wait for its turn, to tell what comes of Wait instead of Limit; 0: do not tell")
	set.BoolVar(&f.spread, "spread", false, "spread the requests of a second evenly over it, where times are whole seconds")

	set.StringVar(&f.log, "log", "", "a log of requests: a `file`")
	set.StringVar(&f.format, "format", workload.FormatAuto, "with -log: "+workload.Formats+" as it stands in the configuration")
	set.StringVar(&f.key, "key", workload.FieldHost, "with -log: who is limited: host, forwarded (the last address of X-Forwarded-For), user, path, agent, site or a field of the format's own, like '$http_x_api_key' or request.headers.Api-Key.0; several with commas")
	set.StringVar(&f.logCost, "log-cost", "1", "with -log: the cost of a request: 1, or a field that is a number, like bytes")
	set.StringVar(&f.logTime, "log-time", "", "with -log: the field of the time, if it is not where the format has it")
	set.StringVar(&f.logGood, "log-good", "", "with -log: a field that says yes for a good client")
	set.IntVar(&f.ipv6Prefix, "ipv6-prefix", 64, "how many bits of an IPv6 address make a client, 1 to 128")

	set.StringVar(&f.csv, "csv", "", "a CSV file with a header: a `file`")
	set.StringVar(&f.columns.Time, "time-column", "time", "with -csv: the column of the time: RFC 3339, 2006-01-02 15:04:05 in UTC, or Unix seconds, ms, µs or ns")
	set.StringVar(&f.keyColumn, "key-column", "key", "with -csv: the column of the key; several with commas")
	set.StringVar(&f.columns.Cost, "cost-column", "", "with -csv: the column of the cost; default: cost if there is one, else each request costs 1")
	set.StringVar(&f.columns.Good, "good-column", "", "with -csv: a column that says yes for a good client")

	set.StringVar(&f.rate, "rate", "", "a described workload: how many requests of all keys together, like 20000/s")
	set.IntVar(&f.described.Keys, "keys", 1000, "with -rate: how many keys there are")
	set.Float64Var(&f.described.Zipf, "zipf", 0, "with -rate: how much more popular some keys are, above 1; 0: all are alike")
	set.StringVar(&f.cost, "cost", "1", "with -rate: the cost of a request, or a range like 1-10")
	set.DurationVar(&f.described.For, "for", time.Minute, "with -rate: how long it lasts")
	set.Uint64Var(&f.described.Seed, "seed", 1, "with -rate: another seed makes another workload of the kind")
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
	if rest := f.set.Args(); len(rest) > 0 {
		err = errors.Join(err, fmt.Errorf("%q is no flag; give a file with -log or -csv", rest[0]))
	}
	if f.passes < 0 || f.passes > 1000 {
		err = errors.Join(err, fmt.Errorf("-passes is %d; it must be from 0 to 1000", f.passes))
	}
	if f.deadline < 0 {
		err = errors.Join(err, fmt.Errorf("-deadline is %v; it must be 0 or more, like 10s", f.deadline))
	}
	if f.ipv6Prefix < 1 || f.ipv6Prefix > 128 {
		err = errors.Join(err, fmt.Errorf("-ipv6-prefix is %d; it must be from 1 to 128", f.ipv6Prefix))
	}
	err = errors.Join(err, oneOf("protect", f.protect, "clients", "backend"))
	err = errors.Join(err, f.source(&options, in))
	return options, err
}

// source sets where the workload is from.
func (f *tuneFlags) source(options *tune.Options, in io.Reader) error {
	given := map[string]bool{}
	f.set.Visit(func(set *flag.Flag) { given[set.Name] = true })
	var sources []string
	var err error
	for _, name := range []string{"log", "csv", "rate"} {
		if given[name] {
			sources = append(sources, name)
			continue
		}
		for _, of := range sourceFlags[name] {
			if given[of] {
				err = errors.Join(err, fmt.Errorf("-%s goes with -%s, which is not given", of, name))
			}
		}
	}
	if len(sources) != 1 {
		return errors.Join(err, fmt.Errorf("%d workloads are given; give one, with -log, -csv or -rate", len(sources)))
	}
	switch sources[0] {
	case "log":
		options.Source = named(f.log)
		options.Load = tune.FromFile(f.log, in, func(r io.Reader) (*workload.Workload, error) {
			return workload.ReadLog(r, f.format, f.fields())
		})
	case "csv":
		options.Source = named(f.csv)
		options.Load = tune.FromFile(f.csv, in, func(r io.Reader) (*workload.Workload, error) {
			columns := f.columns
			columns.Key, columns.Addresses = list(f.keyColumn), f.addresses()
			return workload.ReadCSV(r, columns)
		})
	default:
		err = errors.Join(err, f.parseRate(), f.parseCost())
		options.Source = f.described.String()
		options.Load = func(context.Context, *progress.Progress) (*workload.Workload, error) { return f.described.Generate() }
	}
	return err
}

// fields returns what makes a request of a line of a log.
func (f *tuneFlags) fields() workload.Fields {
	fields := workload.Fields{Time: f.logTime, Key: list(f.key), Good: f.logGood, Addresses: f.addresses()}
	if f.logCost != "1" {
		fields.Cost = f.logCost
	}
	return fields
}

func (f *tuneFlags) addresses() workload.Addresses {
	return workload.Addresses{IPv6Prefix: f.ipv6Prefix}
}

// list returns the names in a list with commas.
func list(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

// named is a file as the report calls it.
func named(path string) string {
	if path == "-" {
		return "standard input"
	}
	return filepath.Base(path)
}

// sought returns the quota that was given, or what one has to keep.
func (f *tuneFlags) sought() (given throttled.Quota, goal quota.Goal, err error) {
	switch {
	case f.quota != "" && (f.goal != "" || f.good != "" || f.logGood != "" || f.columns.Good != ""):
		return given, quota.NoGoal, errors.New("-quota gives a quota, and -goal and what names good clients are to find one: leave out the one or the others")
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
		if key := f.addresses().Key(line); key != "" {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		return nil, fmt.Errorf("%s names no client; it has one key in each line", f.good)
	}
	return keys, nil
}

// parseRate reads a rate as a quota of one rate without a burst.
func (f *tuneFlags) parseRate() error {
	quota, err := throttled.ParseQuota(f.rate)
	rates := quota.Rates()
	if err != nil || len(rates) != 1 || rates[0].Burst != 0 {
		return fmt.Errorf("-rate is %q; it must be like 20000/s", f.rate)
	}
	f.described.Requests, f.described.Per = rates[0].Limit, rates[0].Period
	return nil
}

// parseCost reads a cost, or a range of costs.
func (f *tuneFlags) parseCost() error {
	least, most, isRange := strings.Cut(f.cost, "-")
	if !isRange {
		most = least
	}
	var errLeast, errMost error
	f.described.MinCost, errLeast = strconv.ParseInt(least, 10, 64)
	f.described.MaxCost, errMost = strconv.ParseInt(most, 10, 64)
	if errLeast != nil || errMost != nil {
		return fmt.Errorf("-cost is %q; it must be a number, or two like 1-10", f.cost)
	}
	return nil
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
