package replay

import (
	"math/bits"
	"runtime"
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
	"github.com/throttled-go/throttled/store"
)

// Bounded is what a table of one size did.
type Bounded struct {
	Size      int
	Totals    Totals
	Evictions int64 // of live buckets

	// What the evictions forgave: requests that were allowed and would have
	// been denied with room for every client, and their cost.
	Forgiven     int64
	ForgivenCost int64

	Measured *Measured // nil if nothing was measured
}

// Measured is what differs from run to run and from machine to machine.
type Measured struct {
	Heap      int64 // bytes of the table after the replay
	Held      int64 // buckets in it then
	NsPerCall float64
}

// HeapTells reports whether the heap of the table is large enough to be told
// from what else a process allocates meanwhile.
func (b *Bounded) HeapTells() bool { return b.Measured != nil && b.Size >= store.DefaultMaxSize }

// How many sizes are added to those that were asked for, and how many are
// chosen besides if none was.
const addedSizes, chosenSizes = 3, 3

// Headroom is how many times as many buckets as were ever live at once there is
// room for in the table that is recommended: another day has other clients.
const Headroom = 2

// sizes returns the sizes to try, the smallest first: always the default of the
// stores, the first power of two that holds all that is live at once, and the
// one with Headroom.
func sizes(asked []int, live int) []int {
	enough := min(powerOfTwo(live), table.MaxCapacity)
	tried := append(slices.Clone(asked), store.DefaultMaxSize, enough, RoomFor(live))
	if len(asked) == 0 {
		tried = append(tried, max(1, enough/2), max(1, enough/4), max(1, enough/8))
	}
	slices.Sort(tried)
	return slices.Compact(tried)
}

// RoomFor returns the first power of two that is not below Headroom times the
// buckets that are live at once, as far as a table can be that large.
func RoomFor(live int) int { return min(powerOfTwo(Headroom*live), table.MaxCapacity) }

// powerOfTwo returns the least power of two that is not below n, 1 for 0.
func powerOfTwo(n int) int {
	if n <= 1 {
		return 1
	}
	return 1 << bits.Len(uint(n-1))
}

// bounded replays in the table of the memory stores. Unlimited are the answers
// with room for every client.
func bounded(options *Options, plan *throttled.Plan, size int, unlimited []bool) (Bounded, error) {
	w, passes := options.Workload, options.Passes
	b := Bounded{Size: size}
	allowed := make([]bool, len(w.Requests))
	before := heap(passes)
	t := table.New(size, false)
	took, err := through(t, options, plan, allowed)
	if err != nil {
		return b, err
	}
	stats := t.Stats()
	b.Evictions = stats.Evictions
	for i, r := range w.Requests {
		b.Totals.count(allowed[i], r.Cost)
		if allowed[i] && !unlimited[i] {
			b.Forgiven++
			b.ForgivenCost += r.Cost
		}
	}
	if passes == 0 {
		return b, nil
	}
	b.Measured = &Measured{Heap: heap(passes) - before, Held: stats.Size}
	runtime.KeepAlive(t)
	all := []time.Duration{took}
	for len(all) < passes {
		took, err := through(table.New(size, false), options, plan, allowed)
		if err != nil {
			return b, err
		}
		all = append(all, took)
	}
	b.Measured.NsPerCall = float64(median(all)) / float64(len(w.Requests))
	return b, nil
}

// through puts the requests through t and returns how long that took, without
// the calls of Step.
func through(t *table.Table, options *Options, plan *throttled.Plan, allowed []bool) (took time.Duration, err error) {
	w := options.Workload
	req := throttled.Request{Plan: plan}
	err = options.strides(func(from, to int) error {
		start := time.Now()
		for i := from; i < to; i++ {
			r := &w.Requests[i]
			req.Key, req.Cost = w.Keys[r.Key], r.Cost
			res, err := t.Do(r.At, &req)
			if err != nil {
				return err
			}
			allowed[i] = res.Allowed
		}
		took += time.Since(start)
		return nil
	})
	return took, err
}

// heap returns the bytes that are in use, 0 if nothing is to be measured.
func heap(passes int) int64 {
	if passes == 0 {
		return 0
	}
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first found to have a finalizer, or to be pooled, goes with the second
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// median returns the one in the middle, or of two the lesser.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
