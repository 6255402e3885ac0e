package algorithm

import (
	"cmp"
	"slices"
)

// Walk charges places in a line to several windows, as many at a time as it can.
//
// Within a window the room only grows, by what the window before counts for less
// and less. So until one of the windows ends, the places that have had their turn
// by an instant are those whose costs together fit into the least room of that
// instant. That is a comparison for a place, and a division for any number of
// places of equal cost. Only the next place, which does not fit before that end,
// has its turn worked out, and is the first of those that are charged until the
// next end.
//
// So n places take at most n comparisons, and for each window of the shortest period
// in which one of them is charged a step, that takes the number of rates. That is the
// worst case: n steps. Places of equal cost behind each other take fewer: a division
// for each step, no step for a window that cannot hold anybody up (see window_idle.go),
// and none for what comes again and again (see window_lap.go). They take the steps of
// the few laps until one is known to come again, and of the rest of one; then how many
// they are makes no difference. With nested periods, such as a second, an hour and a
// day, these are some ten steps for each rate; with others, as many as windows begin in
// a few times the least common multiple of the periods. All n take steps where there is
// no such multiple, and where sliding windows of a short and of a long period let
// through almost the same, so that now one and now the other holds places up.
//
// A Walk is filled by [Runs.Walk], passes places, and ends. It is for one goroutine.
type Walk struct {
	runs   *Runs
	panes  [MaxRates]pane
	turn   int64 // the instant of panes: the latest turn known
	room   int64 // for how much the places behind that may cost until a window ends
	passed int64 // what was charged of that room, and not yet to panes
	idle   int   // so many of panes were left out of room
	cost   int64 // of each place that was charged, if some were left out
	laps   [MaxRates]lap
}

// pane is the window that a rate is in. A fixed window has no previous.
type pane struct {
	start, previous, current int64
}

// byPeriod returns the rates with the shortest period first.
func byPeriod(rates []rate) []rate {
	return slices.SortedStableFunc(slices.Values(rates), func(a, b rate) int { return cmp.Compare(a.period, b.period) })
}

// Walk makes w ready to charge places to state. The first of them has its turn not
// before the instant at, which is not after it. It requires windows.
func (s *Runs) Walk(w *Walk, state []int64, at int64) {
	*w = Walk{runs: s, turn: at}
	for i := range s.rates {
		r := &s.rates[i]
		words := state[r.Index*s.kind.Words():]
		if r.kind == FixedWindow {
			now := r.fixedAt(words, at)
			w.panes[i] = pane{start: now.window * r.period, current: now.count}
		} else {
			now := r.slidingAt(words, at)
			w.panes[i] = pane{now.window * r.period, now.previous, now.current}
		}
	}
}

// End writes to state what it is after the last place. It requires that there was one.
func (w *Walk) End(state []int64) {
	w.settle()
	for i := range w.runs.rates {
		r, p := &w.runs.rates[i], &w.panes[i]
		words := state[r.Index*w.runs.kind.Words():]
		words[0] = p.start / r.period
		if r.kind == FixedWindow {
			words[1] = p.current
		} else {
			words[1], words[2] = p.previous, p.current
		}
	}
}

// Pass charges so many places, each of this cost, which is from 1 to the capacity.
func (w *Walk) Pass(cost, places int64) {
	if places >= manyPlaces {
		w.passMany(cost, places)
		return
	}
	for range places {
		if cost > w.room {
			w.advance(cost)
			w.look()
		}
		w.take(cost)
	}
}

// manyPlaces is from how many on places of equal cost are charged together.
const manyPlaces = 8

func (w *Walk) passMany(cost, places int64) {
	w.forgetLaps(MaxRates)
	for places > 0 {
		if cost > w.room {
			w.advance(cost)
			for w.leap(cost, &places) {
				w.advance(cost)
			}
			if w.mayIdle(cost) {
				places -= w.burst(cost, places)
				w.idle, w.cost = w.idling(cost), cost
			}
			w.look()
		}
		fit := min(places, w.room/cost)
		w.take(fit * cost)
		places -= fit
	}
	if w.idle > 0 {
		w.settle()
	}
}

func (w *Walk) take(cost int64) {
	w.room -= cost
	w.passed += cost
}

// advance goes on to the turn of a place of this cost.
func (w *Walk) advance(cost int64) {
	w.settle()
	turn, last := w.turn, 0
	for i := range w.runs.rates {
		if t := w.turnAt(i, cost); t > turn {
			turn, last = t, i
		}
	}
	w.turn = turn
	for i := range w.runs.rates {
		w.roll(i)
	}
	w.forgetLaps(last)
}

// turnAt returns when rate i alone lets a place through.
func (w *Walk) turnAt(i int, cost int64) int64 {
	r, p := &w.runs.rates[i], &w.panes[i]
	switch {
	case r.kind == SlidingWindow:
		return p.start + r.slidingWait(sliding{previous: p.previous, current: p.current}, cost)
	case p.current > r.Capacity-cost:
		return p.start + r.period
	default:
		return p.start
	}
}

// roll brings the pane of rate i to the window of turn.
func (w *Walk) roll(i int) {
	r, p := &w.runs.rates[i], &w.panes[i]
	switch past := w.turn - p.start; {
	case past < r.period:
	case past >= 2*r.period:
		*p = pane{start: w.turn - w.turn%r.period}
	case r.kind == SlidingWindow:
		*p = pane{start: p.start + r.period, previous: p.current}
	default:
		*p = pane{start: p.start + r.period}
	}
}

// look works out the room until a window of those that are not idle ends.
func (w *Walk) look() {
	end := w.end(w.idle)
	for i := w.idle + 1; i < len(w.runs.rates); i++ {
		end = min(end, w.end(i))
	}
	w.room = w.roomFrom(w.idle, end-1)
}

// end returns when the window of rate i ends.
func (w *Walk) end(i int) int64 { return w.panes[i].start + w.runs.rates[i].period }

// roomAt returns how much room the window of rate i has at an instant within it. It
// may be less than none.
func (w *Walk) roomAt(i int, at int64) int64 {
	r, p := &w.runs.rates[i], &w.panes[i]
	return r.Capacity - p.current - r.weight(p.previous, at-p.start)
}

// roomFrom returns the least room of all rates from the first one on.
func (w *Walk) roomFrom(first int, at int64) int64 {
	room := w.roomAt(first, at)
	for i := first + 1; i < len(w.runs.rates); i++ {
		room = min(room, w.roomAt(i, at))
	}
	return room
}

// settle brings panes up to date with what was charged since turn.
func (w *Walk) settle() {
	if w.idle > 0 {
		w.settleIdle()
	}
	if w.passed > 0 {
		for i := w.idle; i < len(w.runs.rates); i++ {
			w.panes[i].current += w.passed
		}
	}
	w.idle, w.room, w.passed = 0, 0, 0
}
