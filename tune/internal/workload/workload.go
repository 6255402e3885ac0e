// Package workload reads what a limiter was asked, or would be: from an access
// log, from a CSV file, or from a description.
package workload

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The bounds of what a request may be. The library's instants go to 2^62, a
// cost above 2^48−1 is above every capacity, and with the bound on the sum no
// sum of costs overflows.
const (
	maxInstant = 1 << 62
	maxCost    = 1<<48 - 1
	maxTotal   = 1 << 62
)

// Request is one request of a Workload.
type Request struct {
	At   int64 // Unix nanoseconds
	Cost int64
	Key  int32 // its place in Workload.Keys
}

// Workload is the requests to replay, in the order of time; those of one
// instant are in the order of their source.
type Workload struct {
	Keys     []string
	Requests []Request

	// Reordered counts the requests that stood in the source after a later
	// one, and were sorted.
	Reordered int

	// Good tells of each key whether the source names it good. Nil: it names none.
	Good []bool

	// Format is how the lines were read, for people; "" where there were none.
	Format string

	// Unreadable is the lines of the source that were left out.
	Unreadable Faults
}

// Faults counts lines that could not be read, and keeps the first few.
type Faults struct {
	Count int
	First []Fault
}

// Fault is a line that could not be read.
type Fault struct {
	Line int // counted from 1
	Text string
	Why  string
}

// faultsKept is how many faults are kept: enough to see what is wrong.
const faultsKept = 5

func (f *Faults) add(line int, text string, why error) {
	f.Count++
	if len(f.First) < faultsKept {
		f.First = append(f.First, Fault{Line: line, Text: text, Why: why.Error()})
	}
}

// Cost returns the sum of all costs.
func (w *Workload) Cost() (total int64) {
	for _, r := range w.Requests {
		total += r.Cost
	}
	return total
}

// Span returns the instants of the first request and of the last. It requires
// that there is one.
func (w *Workload) Span() (first, last int64) {
	return w.Requests[0].At, w.Requests[len(w.Requests)-1].At
}

// Busiest returns the key with the most requests, and how many those are.
func (w *Workload) Busiest() (key, requests int) {
	counts := make([]int, len(w.Keys))
	for _, r := range w.Requests {
		if counts[r.Key]++; counts[r.Key] > requests {
			key, requests = int(r.Key), counts[r.Key]
		}
	}
	return key, requests
}

// NameGood says which keys are good. It is an error if none of them is a key of
// the workload.
func (w *Workload) NameGood(keys []string) error {
	named := map[string]bool{}
	for _, key := range keys {
		named[key] = true
	}
	if w.Good == nil {
		w.Good = make([]bool, len(w.Keys))
	}
	known := 0
	for i, key := range w.Keys {
		if named[key] {
			w.Good[i] = true
			known++
		}
	}
	if known == 0 {
		return fmt.Errorf("none of the %d clients named good is in the workload; a client of it is %q", len(keys), w.Keys[0])
	}
	return nil
}

// WholeSeconds reports whether no time is finer than a second, as in an access
// log: then requests that came one after another seem to come at once.
func (w *Workload) WholeSeconds() bool {
	return !slices.ContainsFunc(w.Requests, func(r Request) bool { return r.At%int64(time.Second) != 0 })
}

// Spread places the requests of each second evenly in it, in their order. It
// requires times in whole seconds.
func (w *Workload) Spread() {
	for start := 0; start < len(w.Requests); {
		end := start + 1
		for end < len(w.Requests) && w.Requests[end].At == w.Requests[start].At {
			end++
		}
		gap := int64(time.Second) / int64(end-start)
		for i := start; i < end; i++ {
			w.Requests[i].At += int64(i-start) * gap
		}
		start = end
	}
}

// builder collects a Workload.
type builder struct {
	Workload
	places map[string]int32
	latest int64
	total  int64
}

func newBuilder() *builder { return &builder{places: map[string]int32{}} }

// add adds a request, or says why it cannot be one. It keeps a copy of key.
func (b *builder) add(at int64, key string, cost int64) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case at < 0 || at > maxInstant:
		return errInstant
	case cost < 0 || cost > maxCost:
		return fmt.Errorf("the cost is %d; it must be from 0 to %d", cost, int64(maxCost))
	case b.total > maxTotal-cost:
		return fmt.Errorf("with its cost of %d all costs add up to more than 2^62", cost)
	}
	b.total += cost
	if at < b.latest {
		b.Reordered++
	}
	b.latest = max(b.latest, at)
	b.Requests = append(b.Requests, Request{At: at, Cost: cost, Key: b.place(key)})
	return nil
}

// good names the key of the request added last.
func (b *builder) good(is bool) {
	key := b.Requests[len(b.Requests)-1].Key
	for len(b.Good) <= int(key) {
		b.Good = append(b.Good, false)
	}
	b.Good[key] = b.Good[key] || is
}

// truthy reports whether a field that says yes or no says yes.
func truthy(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "-", "0", "false", "no", "n", "null":
		return false
	default:
		return true
	}
}

func (b *builder) place(key string) int32 {
	place, ok := b.places[key]
	if !ok {
		key = strings.Clone(key) // it may be a part of a long line
		place = int32(len(b.Keys))
		b.places[key] = place
		b.Keys = append(b.Keys, key)
	}
	return place
}

// finish returns the workload, sorted, or an error if there is no request.
func (b *builder) finish() (*Workload, error) {
	if len(b.Requests) == 0 {
		if f := b.Unreadable; f.Count > 0 {
			return nil, fmt.Errorf("none of the %d lines is a request; line %d, %q: %s", f.Count, f.First[0].Line, f.First[0].Text, f.First[0].Why)
		}
		return nil, errors.New("there is no request in it")
	}
	if b.Reordered > 0 {
		slices.SortStableFunc(b.Requests, func(x, y Request) int { return cmp.Compare(x.At, y.At) })
	}
	return &b.Workload, nil
}
