package quota

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled/tune/internal/words"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Good is which clients are not to be denied.
type Good struct {
	Is    []bool // of each key of the workload
	Count int
	Rule  string // a sentence: how they are told
}

// GoodOf returns the clients that were named good, or if none was those below
// the widest gap.
func GoodOf(w *workload.Workload, uses []*Uses) Good {
	if w.Good != nil {
		return newGood(w.Good, "Good clients are those that are named so.")
	}
	is := make([]bool, len(w.Keys))
	u := ByMinute(uses)
	gap, found := u.gap()
	if !found {
		for key := range is {
			is[key] = true
		}
		return newGood(is, "All clients are taken for good: the use of none stands out.")
	}
	for _, key := range u.Order[gap.Above:] {
		is[key] = true
	}
	return newGood(is, fmt.Sprintf("Good clients are taken to be those below the widest gap: %s used %s or more in some %s, all others %s or less.",
		words.Counted(gap.Above, "client"), humanize.Comma(gap.Least), words.Period(u.Period), humanize.Comma(gap.Below)))
}

func newGood(is []bool, rule string) Good {
	g := Good{Is: is, Rule: rule}
	for _, good := range is {
		if good {
			g.Count++
		}
	}
	return g
}

// ByMinute returns the uses in a minute, or in the longest period below one.
func ByMinute(uses []*Uses) *Uses {
	best := uses[0]
	for _, u := range uses {
		if u.Period <= time.Minute {
			best = u
		}
	}
	return best
}

// compareProducts compares a·b with c·d, none of which is negative.
func compareProducts(a, b, c, d int64) int {
	high1, low1 := bits.Mul64(uint64(a), uint64(b))
	high2, low2 := bits.Mul64(uint64(c), uint64(d))
	switch {
	case high1 > high2 || high1 == high2 && low1 > low2:
		return 1
	case high1 == high2 && low1 == low2:
		return 0
	default:
		return -1
	}
}
