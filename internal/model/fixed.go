package model

// fixed is the law of the fixed window: window = floor(now / Period), allowed iff
// count + cost ≤ Limit.
type fixed struct {
	limit, period int64
	window, count int64 // how much was charged in which window; a count of 0 is fresh whatever the window
}

func (f *fixed) clone() rate {
	c := *f
	return &c
}

func (f *fixed) capacity() int64 { return f.limit }

// at returns the count as it stands at now. A count of a window ahead of now is a
// line to stand behind: ahead is true, and the law has its say from the start of
// that window on.
func (f *fixed) at(now int64) (count int64, ahead bool) {
	w := now / f.period
	switch {
	case f.count == 0 || f.window < w:
		return 0, false
	default:
		return f.count, f.window > w
	}
}

func (f *fixed) allows(now, cost int64) bool {
	count, ahead := f.at(now)
	return !ahead && cost <= f.limit-count
}

func (f *fixed) remaining(now int64) int64 {
	count, ahead := f.at(now)
	if ahead {
		return 0
	}
	return f.limit - count
}

func (f *fixed) turn(now, cost int64) int64 {
	switch {
	case cost > f.limit:
		return Never
	case f.allows(now, cost):
		return now
	}
	if start := f.window * f.period; now < start && f.allows(start, cost) {
		return start
	}
	return (f.window + 1) * f.period
}

func (f *fixed) fresh(now int64) int64 {
	if count, _ := f.at(now); count == 0 {
		return now
	}
	return (f.window + 1) * f.period
}

func (f *fixed) charge(now, cost int64) {
	count, _ := f.at(now)
	f.window, f.count = now/f.period, count+cost
}

func (f *fixed) refund(now, cost int64) {
	if f.window == now/f.period {
		f.count = max(0, f.count-cost)
	}
}

func (f *fixed) reset() { f.window, f.count = 0, 0 }
