package quota

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Options say what to look for.
type Options struct {
	Workload *workload.Workload
	Goal     Goal

	// Step is told of every point that is worked out, and ends the search by an
	// error. May be nil. It is called by several goroutines.
	Step func() error
}

// Result is what quotas would do.
type Result struct {
	Uses   []*Uses
	Good   Good
	Goal   Goal
	Points []Point // those on the frontier first, in the order of what they deny to good clients

	Frontier int  // how many points are on the frontier
	Knee     int  // the point where the frontier bends most
	Chosen   int  // the point that is advised
	Met      bool // it meets the goal
}

// series are quotas that differ in their limit alone.
type series struct {
	algorithm throttled.Algorithm
	period    time.Duration
	quarters  int64 // the burst, in quarters of the limit; 0: the limit, unsaid
	limits    []int64
}

// quota returns the quota of a limit.
func (s series) quota(limit int64) throttled.Quota {
	rate := throttled.Rate{Limit: limit, Period: s.period}
	if s.quarters > 0 {
		rate.Burst = max(1, limit*s.quarters/4)
	}
	return throttled.NewQuota(rate)
}

// laws are the algorithms that answer Limit differently.
var laws = []throttled.Algorithm{throttled.TokenBucket, throttled.FixedWindow, throttled.SlidingWindow}

// Search works out what each of many quotas would do: limits that are round
// numbers, and by bisection the exact limit from which on good clients are
// denied no more than the goal allows. Then it puts the periods together.
func Search(ctx context.Context, options Options) (*Result, error) {
	w := options.Workload
	r := &Result{Uses: UsesOf(w), Goal: options.Goal}
	if r.Good = GoodOf(w, r.Uses); r.Good.Count == 0 {
		return nil, errors.New("no client is good, so any quota would do: see that -good names clients of this workload")
	}
	points, err := r.explore(ctx, options, seriesOf(r.Uses, r.Good))
	if err != nil {
		return nil, err
	}
	joint, err := r.join(ctx, options, points)
	if err != nil {
		return nil, err
	}
	r.settle(append(points, joint...))
	return r, nil
}

// MostSteps returns about how many points there will be.
func MostSteps(w *workload.Workload) int64 {
	const bursts, limits = 4, 16
	return int64(len(periodsOf(w)) * (len(laws) + bursts) * limits)
}

// seriesOf returns what to try: round limits from where half of the good clients
// are hit up to where nobody is.
func seriesOf(uses []*Uses, good Good) (all []series) {
	for _, u := range uses {
		var of []int64
		for _, key := range u.Order {
			if good.Is[key] {
				of = append(of, u.Of[key])
			}
		}
		limits := roundBetween(max(1, of[len(of)/2]), max(1, u.At(0)))
		for _, algorithm := range laws {
			all = append(all, series{algorithm: algorithm, period: u.Period, limits: limits})
		}
		for _, quarters := range []int64{1, 2, 8} {
			all = append(all, series{throttled.TokenBucket, u.Period, quarters, limits})
		}
	}
	return all
}

// roundBetween returns the round numbers from the last one that is not above
// low to the first one that is not below high.
func roundBetween(low, high int64) (all []int64) {
	for scale := int64(1); ; scale *= 10 {
		for _, tenths := range []int64{10, 15, 20, 25, 30, 40, 50, 60, 80} {
			if scale == 1 && tenths%10 != 0 {
				continue
			}
			round := tenths * scale / 10
			if round <= low {
				all = all[:0]
			}
			if all = append(all, round); round >= high {
				return all
			}
		}
	}
}

// explore works the series out, on all processors.
func (r *Result) explore(ctx context.Context, options Options, all []series) (points []Point, err error) {
	var (
		mu      sync.Mutex
		workers sync.WaitGroup
		next    int
	)
	take := func() (series, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next++; err != nil || next > len(all) {
			return series{}, false
		}
		return all[next-1], true
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			replay := newReplayer(options.Workload, r.Good)
			for s, more := take(); more; s, more = take() {
				found, fault := r.exploreSeries(ctx, options, replay, s)
				mu.Lock()
				points, err = append(points, found...), errors.Join(err, fault)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return points, err
}

// exploreSeries works out the limits of a series, and the exact one between the
// two of them where it comes to deny good clients more than it may.
func (r *Result) exploreSeries(ctx context.Context, options Options, replay *replayer, s series) (points []Point, err error) {
	try := func(limit int64) (Point, bool) {
		if err == nil {
			err = errors.Join(ctx.Err(), options.step())
		}
		if err != nil {
			return Point{}, false
		}
		p, fault := replay.point(s.quota(limit), s.algorithm)
		if errors.Is(fault, throttled.ErrInvalidQuota) {
			return p, false // out of the library's bounds
		}
		err = errors.Join(err, fault)
		points = append(points, p)
		return p, err == nil && p.GoodClients <= r.Goal.mostDenied(r.Good)
	}
	low, high := int64(0), int64(0) // the greatest limit that denies too many, the least above it that does not
	for _, limit := range s.limits {
		if _, enough := try(limit); !enough {
			low, high = limit, 0
		} else if high == 0 {
			high = limit
		}
	}
	for err == nil && high-low > 1 {
		if middle := low + (high-low)/2; !second(try(middle)) {
			low = middle
		} else {
			high = middle
		}
	}
	return points, err
}

func second(_ Point, ok bool) bool { return ok }

func (o *Options) step() error {
	if o.Step == nil {
		return nil
	}
	return o.Step()
}

// join works out quotas of several rates: of each algorithm the strictest limit
// of every period that denies good clients no more than it may, rounded up, and
// all sets of two and more of these.
func (r *Result) join(ctx context.Context, options Options, points []Point) (joint []Point, err error) {
	replay := newReplayer(options.Workload, r.Good)
	for _, algorithm := range laws {
		var rates []throttled.Rate
		for _, u := range r.Uses {
			if limit := r.strictest(points, algorithm, u.Period); limit > 0 {
				rates = append(rates, throttled.Rate{Limit: roundUp(limit), Period: u.Period})
			}
		}
		for set := range 1 << len(rates) {
			var chosen []throttled.Rate
			for i, rate := range rates {
				if set>>i&1 == 1 {
					chosen = append(chosen, rate)
				}
			}
			if len(chosen) < 2 || !each(chosen) {
				continue
			}
			if err := errors.Join(ctx.Err(), options.step()); err != nil {
				return nil, err
			}
			p, err := replay.point(throttled.NewQuota(chosen...), algorithm)
			if err != nil {
				return nil, err
			}
			joint = append(joint, p)
		}
	}
	return joint, nil
}

// each reports whether every rate, from the shortest period to the longest, can
// bind: a longer one that allows as much per time as a shorter never does.
func each(rates []throttled.Rate) bool {
	for i := 1; i < len(rates); i++ {
		if compareProducts(rates[i].Limit, int64(rates[i-1].Period), rates[i-1].Limit, int64(rates[i].Period)) >= 0 || rates[i].Limit <= rates[i-1].Limit {
			return false
		}
	}
	return true
}

// strictest returns the least limit of a period whose points deny good clients no
// more than they may, 0 if there is none.
func (r *Result) strictest(points []Point, algorithm throttled.Algorithm, period time.Duration) (limit int64) {
	for _, p := range points {
		rate := p.Quota.Rates()[0]
		if len(p.Quota.Rates()) == 1 && p.Algorithm == algorithm && rate.Period == period && rate.Burst == 0 && p.GoodClients <= r.Goal.mostDenied(r.Good) &&
			(limit == 0 || rate.Limit < limit) {
			limit = rate.Limit
		}
	}
	return limit
}

// roundUp returns the first round number that is not below n.
func roundUp(n int64) int64 { return slices.Max(roundBetween(n, n)) }
