package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/tune"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// source is the flags that say where a workload is from.
type source struct {
	log, csv, rate string

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

// register adds the flags to a set.
func (f *source) register(set *flag.FlagSet) {
	set.StringVar(&f.log, "log", "", "a log of requests: a `file`")
	set.StringVar(&f.format, "format", workload.FormatAuto, "with -log: "+workload.Formats+" as it stands in the configuration")
	set.StringVar(&f.key, "key", workload.FieldHost, "with -log: who is limited: host, forwarded (the last address of X-Forwarded-For), user, path, agent, site or a field of the format's own, like '$http_x_api_key' or request.headers.Api-Key.0; several with commas")
	set.StringVar(&f.logCost, "log-cost", "1", "with -log: the cost of a request: 1, or a field that is a number, like bytes")
	set.StringVar(&f.logTime, "log-time", "", "with -log: the field of the time, if it is not where the format has it")
	set.IntVar(&f.ipv6Prefix, "ipv6-prefix", 64, "how many bits of an IPv6 address make a client, 1 to 128")

	set.StringVar(&f.csv, "csv", "", "a CSV file with a header: a `file`")
	set.StringVar(&f.columns.Time, "time-column", "time", "with -csv: the column of the time: RFC 3339, 2006-01-02 15:04:05 in UTC, or Unix seconds, ms, µs or ns")
	set.StringVar(&f.keyColumn, "key-column", "key", "with -csv: the column of the key; several with commas")
	set.StringVar(&f.columns.Cost, "cost-column", "", "with -csv: the column of the cost; default: cost if there is one, else each request costs 1")

	set.StringVar(&f.rate, "rate", "", "a described workload: how many requests of all keys together, like 20000/s")
	set.IntVar(&f.described.Keys, "keys", 1000, "with -rate: how many keys there are")
	set.Float64Var(&f.described.Zipf, "zipf", 0, "with -rate: how much more popular some keys are, above 1; 0: all are alike")
	set.StringVar(&f.cost, "cost", "1", "with -rate: the cost of a request, or a range like 1-10")
	set.DurationVar(&f.described.For, "for", time.Minute, "with -rate: how long it lasts")
	set.Uint64Var(&f.described.Seed, "seed", 1, "with -rate: another seed makes another workload of the kind")
}

// registerGood adds those that name good clients.
func (f *source) registerGood(set *flag.FlagSet) {
	set.StringVar(&f.logGood, "log-good", "", "with -log: a field that says yes for a good client")
	set.StringVar(&f.columns.Good, "good-column", "", "with -csv: a column that says yes for a good client")
}

// resolve returns where the workload is from, and says everything that is wrong
// with the flags.
func (f *source) resolve(set *flag.FlagSet, in io.Reader) (name string, load tune.Loading, err error) {
	if rest := set.Args(); len(rest) > 0 {
		err = fmt.Errorf("%q is no flag; give a file with -log or -csv", rest[0])
	}
	if f.ipv6Prefix < 1 || f.ipv6Prefix > 128 {
		err = errors.Join(err, fmt.Errorf("-ipv6-prefix is %d; it must be from 1 to 128", f.ipv6Prefix))
	}
	given := map[string]bool{}
	set.Visit(func(set *flag.Flag) { given[set.Name] = true })
	var sources []string
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
		return "", nil, errors.Join(err, fmt.Errorf("%d workloads are given; give one, with -log, -csv or -rate", len(sources)))
	}
	switch sources[0] {
	case "log":
		return named(f.log), tune.FromFile(f.log, in, func(r io.Reader) (*workload.Workload, error) {
			return workload.ReadLog(r, f.format, f.fields())
		}), err
	case "csv":
		return named(f.csv), tune.FromFile(f.csv, in, func(r io.Reader) (*workload.Workload, error) {
			columns := f.columns
			columns.Key, columns.Addresses = list(f.keyColumn), f.addresses()
			return workload.ReadCSV(r, columns)
		}), err
	default:
		err = errors.Join(err, f.parseRate(), f.parseCost())
		return f.described.String(), func(context.Context, *progress.Progress) (*workload.Workload, error) { return f.described.Generate() }, err
	}
}

// fields returns what makes a request of a line of a log.
func (f *source) fields() workload.Fields {
	fields := workload.Fields{Time: f.logTime, Key: list(f.key), Good: f.logGood, Addresses: f.addresses()}
	if f.logCost != "1" {
		fields.Cost = f.logCost
	}
	return fields
}

func (f *source) addresses() workload.Addresses {
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

// parseRate reads a rate as a quota of one rate without a burst.
func (f *source) parseRate() error {
	quota, err := throttled.ParseQuota(f.rate)
	rates := quota.Rates()
	if err != nil || len(rates) != 1 || rates[0].Burst != 0 {
		return fmt.Errorf("-rate is %q; it must be like 20000/s", f.rate)
	}
	f.described.Requests, f.described.Per = rates[0].Limit, rates[0].Period
	return nil
}

// parseCost reads a cost, or a range of costs.
func (f *source) parseCost() error {
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
