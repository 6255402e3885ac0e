package algorithm

import "sort"

// Places in a line at a window. They fill one window after the other: a place
// that does not fit into the window of the one ahead is the first in a later
// one, and from there on all follows from which place that is. So it is
// tabulated for each what comes of it if it is the first in its window, from
// the last one backwards.
//
// A sliding window in which something was charged before is full one below the
// limit: what fills it to the limit has its turn only when nothing of the window
// before counts any more, which is when the next window begins. (One unit below,
// that comes a tick earlier or more, as long as the rate is at most one unit a
// tick.) A cost of the whole limit has its turn when nothing counts at all.

// fill is what comes of the window in which a place is the first: how many
// windows later the last place is charged, and what is then in that window and
// in the one before.
type fill struct {
	windows, previous, current int64
}

// tabulates reports whether places can be tabulated.
func (s *Runs) tabulates() bool {
	return len(s.rates) == 1 && (s.rates[0].kind == FixedWindow || s.rates[0].Capacity <= s.rates[0].period)
}

// tabulate fills run for places of these costs. It makes room for as many as
// costs has room for, so that to fill it again allocates nothing.
func (r *rate) tabulate(run *Run, costs []int64) {
	n := len(costs)
	if cap(run.fills) < n {
		run.before, run.fills = make([]int64, cap(costs)+1), make([]fill, cap(costs))
	}
	run.before, run.fills = run.before[:n+1], run.fills[:n]
	for k, cost := range costs {
		run.before[k+1] = run.before[k] + cost
	}
	before, room := run.before, r.holds(1)
	next := n // the first place that does not fit beside those from k on
	for k := n - 1; k >= 0; k-- {
		held := before[next] - before[k]
		for next > k+1 && held > room {
			next--
			held = before[next] - before[k]
		}
		if next == n {
			run.fills[k] = fill{current: held}
		} else {
			run.fills[k] = r.overflow(run, next, held)
		}
	}
}

// holds returns how much a window holds after one in which previous was charged.
func (r *rate) holds(previous int64) int64 {
	if r.kind == SlidingWindow && previous > 0 {
		return r.Capacity - 1
	}
	return r.Capacity
}

// overflow returns what comes of a window that holds so much and has no more
// room for place k of run.
func (r *rate) overflow(run *Run, k int, held int64) fill {
	later, first := run.fills[k], fill{windows: 1, previous: held}
	if r.kind == SlidingWindow && run.before[k+1]-run.before[k] == r.Capacity {
		first.previous = 0
		if held > 0 {
			first.windows = 2
		}
	}
	if later.windows == 0 {
		later.previous = first.previous
	}
	later.windows += first.windows
	return later
}

// fillThrough charges the places of run to state.
func (r *rate) fillThrough(run *Run, state []int64, at int64) {
	if r.kind == FixedWindow {
		s := r.fixedAt(state, at)
		f := r.fillUp(run, fill{current: s.count})
		state[0], state[1] = s.window+f.windows, f.current
		return
	}
	s := r.slidingAt(state, at)
	f := r.fillUp(run, fill{previous: s.previous, current: s.current})
	state[0], state[1], state[2] = s.window+f.windows, f.previous, f.current
}

// fillUp charges the places of run to a window.
func (r *rate) fillUp(run *Run, f fill) fill {
	n, room := len(run.fills), r.holds(f.previous)-f.current
	if run.before[n] <= room {
		f.current += run.before[n]
		return f
	}
	k := run.fitting(room)
	return r.overflow(run, k, f.current+run.before[k])
}

// fitting returns how many places cost no more than room. It requires that not
// all do. A window often holds few, so it looks at the first ones first.
func (run *Run) fitting(room int64) int {
	last := 1
	for last < len(run.fills) && run.before[last] <= room {
		last *= 2
	}
	first := last / 2 // so many do
	last = min(last, len(run.fills))
	return first + sort.Search(last-first, func(i int) bool { return run.before[first+i+1] > room })
}
