package model

import "math"

// SearchPeek answers like Peek with nothing but the laws themselves: every number is
// searched for by asking a law yes or no. It is how the closed forms are proven.
func (b *Bucket) SearchPeek(now, cost int64) Answer {
	return b.told(now, cost, func(r rate, now, cost int64) view {
		return search(r, now, cost, func(t int64) bool { return r.allows(t, cost) })
	})
}

// SearchEnter is SearchPeek for one who would enter the queue.
func (b *Bucket) SearchEnter(now, cost int64) Answer {
	return b.told(now, cost, func(r rate, now, cost int64) view {
		return search(r, now, cost, func(t int64) bool {
			starts, _ := b.starts(t)
			for i := range b.rates {
				if b.rates[i] == r {
					return r.(*meter).fits(starts[i], t, cost)
				}
			}
			return false
		})
	})
}

func search(r rate, now, cost int64, allows func(t int64) bool) view {
	v := view{turn: now}
	if cost > 0 {
		v.turn = first(now, allows)
	}
	v.remaining = least(r.capacity(), func(n int64) bool { return !r.allows(now, n+1) })
	// A key whose whole capacity may be spent at once is like one never used.
	v.fresh = first(now, func(t int64) bool { return r.allows(t, r.capacity()) })
	return v
}

// first is the least instant from now on at which yes holds, given that it holds
// ever after; Never if it does not come to hold.
func first(now int64, yes func(t int64) bool) int64 {
	const last = math.MaxInt64 - 1
	if !yes(last) {
		return Never
	}
	return now + least(last-now, func(n int64) bool { return yes(now + n) })
}

// least returns the least n below most for which yes holds, given that it holds ever
// after, and most if there is none. It is sort.Search beyond the range of an int.
func least(most int64, yes func(n int64) bool) int64 {
	low, high := int64(0), most
	for low < high {
		middle := low + (high-low)/2
		if yes(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}
