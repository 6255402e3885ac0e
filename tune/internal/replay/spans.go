package replay

import (
	"slices"

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
func (b byKey) greatest(key int, period int64, counted func(request int32) bool) (most int64) {
	var sum int64
	from := 0
	of := b.requests[key]
	cost := func(i int32) int64 {
		if counted(i) {
			return b.workload.Requests[i].Cost
		}
		return 0
	}
	for _, i := range of {
		sum += cost(i)
		for b.workload.Requests[of[from]].At <= b.workload.Requests[i].At-period {
			sum -= cost(of[from])
			from++
		}
		most = max(most, sum)
	}
	return most
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
			}
		}
	}
	return peaks
}
