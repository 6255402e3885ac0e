package replay

import (
	"slices"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// byKey has the requests of each client, in the order of time.
type byKey struct {
	workload *workload.Workload
	requests [][]int32 // of each key, as places in the workload
}

// groupByKey sorts by counting: one array is shared by all clients.
func groupByKey(w *workload.Workload) byKey {
	counts := make([]int, len(w.Keys))
	for _, r := range w.Requests {
		counts[r.Key]++
	}
	all := make([]int32, len(w.Requests))
	requests := make([][]int32, len(w.Keys))
	for key, n := range counts {
		requests[key], all = all[:0:n], all[n:]
	}
	for i, r := range w.Requests {
		requests[r.Key] = append(requests[r.Key], int32(i))
	}
	return byKey{w, requests}
}

// greatest returns the greatest cost that key had in any span of a period,
// [t, t+period) for whatever t, of the requests that are counted. The greatest
// sum is found in a span that ends just after one of the requests, so those are
// the spans to look at.
func (b byKey) greatest(key int, period int64, counted func(request int32) bool) int64 {
	of := b.requests[key]
	return greatest(b.workload.Requests, len(of), func(i int) int { return int(of[i]) }, period, func(i int) bool { return counted(int32(i)) })
}

// greatest does it for n requests, which at tells the places of.
func greatest(requests []workload.Request, n int, at func(i int) int, period int64, counted func(request int) bool) (most int64) {
	var sum int64
	from := 0
	cost := func(i int) int64 {
		if counted(i) {
			return requests[i].Cost
		}
		return 0
	}
	for i := range n {
		last := at(i)
		sum += cost(last)
		for requests[at(from)].At <= requests[last].At-period {
			sum -= cost(at(from))
			from++
		}
		most = max(most, sum)
	}
	return most
}

// backend returns what all clients together asked for and got in any second, and
// in any Period of the quota.
func backend(w *workload.Workload, quota throttled.Quota, allowed []bool) (loads []Load) {
	spans := []time.Duration{time.Second}
	for _, rate := range quota.Rates() {
		spans = append(spans, rate.Period)
	}
	slices.Sort(spans)
	for _, span := range slices.Compact(spans) {
		loads = append(loads, Load{
			Span:   span,
			Asked:  Greatest(w, span, func(int) bool { return true }),
			Passed: Greatest(w, span, func(i int) bool { return allowed[i] }),
		})
	}
	return loads
}

// within reports of each client whether it stayed within the quota.
func (b byKey) within(quota throttled.Quota) []bool {
	all := func(int32) bool { return true }
	within := make([]bool, len(b.requests))
	for key := range within {
		within[key] = !slices.ContainsFunc(quota.Rates(), func(rate throttled.Rate) bool {
			return b.greatest(key, int64(rate.Period), all) > rate.Limit
		})
	}
	return within
}

// unfair counts the denials of clients that stayed within the quota.
func (b byKey) unfair(within, allowed []bool) (unfair Unfair) {
	for key, requests := range b.requests {
		if !within[key] {
			continue
		}
		before := unfair.Denied
		for _, i := range requests {
			if !allowed[i] {
				unfair.Denied++
			}
		}
		if unfair.Denied > before {
			unfair.Clients++
		}
	}
	return unfair
}

// peaks returns the peak of each rate.
func (b byKey) peaks(quota throttled.Quota, allowed []bool) []Peak {
	admitted := func(request int32) bool { return allowed[request] }
	rates := quota.Rates()
	peaks := make([]Peak, len(rates))
	for i, rate := range rates {
		peak := &peaks[i]
		for key := range b.requests {
			most := b.greatest(key, int64(rate.Period), admitted)
			if most > peak.Cost {
				peak.Cost, peak.Key = most, b.workload.Keys[key]
			}
			if most > rate.Limit {
				peak.Above++
				peak.Over += most - rate.Limit
			}
		}
	}
	return peaks
}

// Uses returns the greatest cost that each client asked for in any span of a
// period.
func Uses(w *workload.Workload, period time.Duration) []int64 {
	clients := groupByKey(w)
	uses := make([]int64, len(w.Keys))
	for key := range uses {
		uses[key] = clients.greatest(key, int64(period), func(int32) bool { return true })
	}
	return uses
}

// Greatest returns the greatest cost of all clients together in any span, of the
// requests that are counted.
func Greatest(w *workload.Workload, span time.Duration, counted func(request int) bool) int64 {
	return greatest(w.Requests, len(w.Requests), func(i int) int { return i }, int64(span), counted)
}
