package algorithm

import (
	"math/bits"
	"slices"
)

// Places of equal cost have their turns in a pattern that comes again. Let a block be
// the time from one instant at which windows of the i shortest periods begin together
// to the next. As long as no other rate holds anybody up, what these i rates hold at
// the first turn in a block tells all that follows, relative to that turn. So when
// they hold the same at two such turns, what happened between them, a lap, happens
// again and again, until another rate has no room for a whole one, or its window
// ends, or places run out. All laps until then are passed in one step.
//
// That goes for each i. Where periods are multiples of each other, as a second, an
// hour and a day are, seconds are passed by the hour, and hours by the day. Fixed
// windows begin fresh, so a block is a lap. Of sliding windows it takes a few blocks
// until they hold the same again, and a lap may have more than one, so what they held
// is remembered at turns that lie further and further apart (R. P. Brent, An improved
// Monte Carlo factorization algorithm, 1980): twice the blocks of a lap, and those
// before the first one, are enough to find it.

// lap is what was seen of the i shortest periods, where it began.
type lap struct {
	known    bool
	turn     int64 // the first of a block, or the first known
	phase    int64 // of turn in its block
	places   int64 // that were left then
	panes    [MaxRates]pane
	blockEnd int64 // of the block that was looked at last
	blocks   int64 // that were looked at since
	most     int64 // when blocks is that, a new lap begins
}

// maxBlock bounds the length of a block: no turn lies further ahead.
const maxBlock = 1 << 60

// blocks returns the length of the blocks of the first 1, 2, … rates: the least common
// multiple of their periods. There are none of more rates if that is too long.
func blocks(rates []rate) []int64 {
	lengths, length := make([]int64, 0, len(rates)), int64(1)
	for i := range rates {
		hi, lo := bits.Mul64(uint64(length/gcd(length, rates[i].period)), uint64(rates[i].period))
		if hi > 0 || lo > maxBlock {
			break
		}
		length = int64(lo)
		lengths = append(lengths, length)
	}
	return lengths
}

// forgetLaps ends the laps of the so many shortest periods: another rate made a
// difference.
func (w *Walk) forgetLaps(shortest int) {
	for i := range min(shortest, len(w.runs.blocks)) {
		w.laps[i].known = false
	}
}

// leap passes as many laps as it can, for one set of rates, the largest for which
// there is one. It reports whether there was; then some places are left, the next of
// which has its turn not before turn.
func (w *Walk) leap(cost int64, places *int64) bool {
	for i := range slices.Backward(w.runs.blocks) {
		if w.lapped(i, *places) {
			if laps := w.lapsAhead(i, cost, *places); laps > 0 {
				*places -= w.passLaps(i, cost, *places, laps)
				return true
			}
		}
	}
	return false
}

// lapped reports whether a lap of the first i+1 rates has ended.
func (w *Walk) lapped(i int, places int64) bool {
	l, block := &w.laps[i], w.runs.blocks[i]
	if w.turn < l.blockEnd {
		return false
	}
	phase := w.turn % block
	l.blockEnd = w.turn - phase + block
	switch {
	case !l.known:
		l.most = 1
	case l.phase == phase && w.holdsAsIn(l, i):
		return true
	default:
		if l.blocks++; l.blocks < l.most {
			return false
		}
		l.most *= 2
	}
	l.known, l.turn, l.phase, l.places, l.blocks = true, w.turn, phase, places, 0
	copy(l.panes[:i+1], w.panes[:i+1])
	return false
}

// holdsAsIn reports whether the first i+1 rates hold what they held when l began.
func (w *Walk) holdsAsIn(l *lap, i int) bool {
	for j := range i + 1 {
		if w.panes[j].previous != l.panes[j].previous || w.panes[j].current != l.panes[j].current {
			return false
		}
	}
	return true
}

// lapsAhead returns how many laps like the last one of the first i+1 rates follow. It
// leaves at least one place, and counts on no room that the others have only later.
func (w *Walk) lapsAhead(i int, cost, places int64) int64 {
	time, charged := w.turn-w.laps[i].turn, w.laps[i].places-places
	laps := (places - 1) / charged
	for j := i + 1; j < len(w.runs.rates); j++ {
		laps = min(laps, (w.end(j)-w.turn)/time, w.roomAt(j, w.turn)/cost/charged)
	}
	return laps
}

// passLaps passes so many laps, and returns how many places had their turns in them.
func (w *Walk) passLaps(i int, cost, places, laps int64) int64 {
	time, charged := laps*(w.turn-w.laps[i].turn), laps*(w.laps[i].places-places)
	for j := range i + 1 {
		w.panes[j].start += time
	}
	for j := i + 1; j < len(w.runs.rates); j++ {
		w.panes[j].current += charged * cost
	}
	w.turn += time
	w.forgetLaps(i + 1)
	return charged
}
