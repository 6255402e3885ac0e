package replay

import (
	"slices"
	"time"

	"github.com/throttled-go/throttled"
)

// unbounded replays w with a state for every client, none of which is ever
// forgotten: the law itself, without a table.
func unbounded(options *Options, plan *throttled.Plan) (Outcome, error) {
	w := options.Workload
	outcome := Outcome{Algorithm: plan.Algorithm(), Allowed: make([]bool, len(w.Requests))}
	words := plan.Words()
	states := make([]int64, words*len(w.Keys))
	alive := lifetimes{expires: make([]int64, len(w.Keys))}
	cache := denyCache{until: make([]int64, len(w.Keys))}
	err := options.strides(func(from, to int) error {
		for i, r := range w.Requests[from:to] {
			at := int(r.Key) * words
			res, keep := plan.Limit(states[at:at+words], r.At, r.Cost)
			outcome.Allowed[from+i] = res.Allowed
			outcome.Totals.count(res.Allowed, r.Cost)
			alive.use(r.Key, r.At, keep)
			cache.use(r.Key, r.At, res)
		}
		return nil
	})
	outcome.Live, outcome.Redis = alive.most(), cache.trips
	return outcome, err
}

// lifetimes knows when buckets were live: not yet as good as fresh.
type lifetimes struct {
	expires      []int64 // of each key
	births, ends []int64
}

// use records that the bucket of key matters for so long. It requires the
// instants of its calls in order.
func (l *lifetimes) use(key int32, now int64, keep time.Duration) {
	expires := l.expires[key]
	switch {
	case keep == 0:
		return // a fresh bucket stayed fresh
	case expires == 0:
		l.births = append(l.births, now)
	case expires <= now:
		l.births = append(l.births, now)
		l.ends = append(l.ends, expires)
	}
	l.expires[key] = now + int64(keep)
}

// most returns how many were live at once, at most. A bucket is dead at
// the instant it expires.
func (l *lifetimes) most() (most int) {
	ends := slices.Concat(l.ends, slices.DeleteFunc(l.expires, func(at int64) bool { return at == 0 }))
	slices.Sort(ends)
	dead := 0
	for i, birth := range l.births {
		for ends[dead] <= birth {
			dead++
		}
		most = max(most, i+1-dead)
	}
	return most
}

// RoundTrips tells what one process would ask of Redis, where a request is one
// round trip.
type RoundTrips struct {
	Sent int64 // with a deny cache

	// Saved is what a deny cache answers: the state that came with a denial
	// is kept for a second, and what it still denies is not sent. This is
	// exact, since a denial changes nothing.
	Saved int64
}

// cacheTime is how long a denied state is kept.
const cacheTime = int64(time.Second)

// denyCache works out the round trips of one process.
type denyCache struct {
	until []int64 // when the state of each key is dropped; 0: there is none
	trips RoundTrips
}

// use counts a request that got res, with the cache or without.
func (c *denyCache) use(key int32, now int64, res throttled.Result) {
	if !res.Allowed && now < c.until[key] {
		c.trips.Saved++
		return
	}
	c.trips.Sent++
	if c.until[key] = 0; !res.Allowed {
		c.until[key] = now + cacheTime
	}
}
