// Package quota finds out which quota suits a workload: what each client uses,
// and what every quota would deny to good clients against what it would leave
// to the backend.
package quota

import (
	"cmp"
	"slices"
	"time"

	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Uses are the greatest costs that clients asked for in any span of a period.
type Uses struct {
	Period time.Duration
	Of     []int64 // of each key of the workload
	Order  []int32 // the keys, the greatest use first; of equals the first that came
}

// Above returns how many clients used more than limit in some span.
func (u *Uses) Above(limit int64) int {
	n, _ := slices.BinarySearchFunc(u.Order, limit, func(key int32, limit int64) int {
		if u.Of[key] > limit {
			return -1
		}
		return 1
	})
	return n
}

// At returns the use at a place of the order.
func (u *Uses) At(place int) int64 { return u.Of[u.Order[place]] }

// periods are what people limit by.
var periods = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour}

// periodsOf returns those that the workload is long enough for: a period of
// which not even one has passed says nothing of the next.
func periodsOf(w *workload.Workload) []time.Duration {
	first, last := w.Span()
	fits := slices.DeleteFunc(slices.Clone(periods), func(p time.Duration) bool { return int64(p) > last-first })
	if len(fits) == 0 {
		fits = periods[:1]
	}
	return fits
}

// UsesOf returns what each client used in each period that w is long enough for.
func UsesOf(w *workload.Workload) (all []*Uses) {
	for _, period := range periodsOf(w) {
		u := &Uses{Period: period, Of: replay.Uses(w, period), Order: make([]int32, len(w.Keys))}
		for key := range u.Order {
			u.Order[key] = int32(key)
		}
		slices.SortStableFunc(u.Order, func(x, y int32) int { return cmp.Compare(u.Of[y], u.Of[x]) })
		all = append(all, u)
	}
	return all
}

// Gap is the widest gap between the uses of clients: the least of those above
// it is so many times the greatest of those below.
type Gap struct {
	Above        int   // clients above it
	Least, Below int64 // the least use above it, the greatest below
}

// gap returns the widest gap that has at most a tenth of the clients above it,
// and is at least twofold. Others are no reason to tell clients apart.
func (u *Uses) gap() (widest Gap, found bool) {
	for above := 1; above < len(u.Order) && above*10 <= len(u.Order)+9; above++ {
		g := Gap{Above: above, Least: u.At(above - 1), Below: u.At(above)}
		if g.Below > 0 && g.Least >= 2*g.Below && (!found || wider(g, widest)) {
			widest, found = g, true
		}
	}
	return widest, found
}

// wider reports whether x is the wider gap, exactly.
func wider(x, y Gap) bool { return compareProducts(x.Least, y.Below, y.Least, x.Below) > 0 }

// Ladder returns round limits, from the greatest that nobody stays below to the
// least that nobody uses more than.
func Ladder(uses []*Uses) []int64 {
	low, high := uses[0].At(len(uses[0].Order)-1), int64(1)
	for _, u := range uses {
		high = max(high, u.At(0))
	}
	return roundBetween(max(1, low), high)
}
