package model

import "math/big"

// sliding is the law of the sliding window. With e = now mod Period:
//
//	allowed iff previous·(Period − e) + (current + cost)·Period ≤ Limit·Period
//
// It is put here divided by Period, as Limit less what weighs on it.
type sliding struct {
	limit, period             int64
	window, previous, current int64 // what was charged in the window and the one before it; fresh if both are 0
}

func (s *sliding) clone() rate {
	c := *s
	return &c
}

func (s *sliding) capacity() int64 { return s.limit }

// at returns the counts as they stand at now. Counts of a window ahead of now are a
// line to stand behind: ahead is true, and the law has its say from the start of
// that window on.
func (s *sliding) at(now int64) (previous, current int64, ahead bool) {
	switch w := now / s.period; {
	case s.previous == 0 && s.current == 0 || s.window < w-1:
		return 0, 0, false
	case s.window == w-1:
		return s.current, 0, false
	default:
		return s.previous, s.current, s.window > w
	}
}

// room is Limit − previous·(Period − e)/Period − current.
func (s *sliding) room(previous, current, e int64) *big.Rat {
	weighs := mul(rat(previous), big.NewRat(s.period-e, s.period))
	return sub(sub(rat(s.limit), weighs), rat(current))
}

func (s *sliding) allows(now, cost int64) bool {
	previous, current, ahead := s.at(now)
	return !ahead && rat(cost).Cmp(s.room(previous, current, now%s.period)) <= 0
}

func (s *sliding) remaining(now int64) int64 {
	previous, current, ahead := s.at(now)
	if ahead {
		return 0
	}
	return max(0, floor(s.room(previous, current, now%s.period)))
}

// turn looks at one window after the other: in each, room grows evenly.
func (s *sliding) turn(now, cost int64) int64 {
	if cost > s.limit {
		return Never
	}
	if _, _, ahead := s.at(now); ahead {
		now = s.window * s.period
	}
	for {
		previous, current, _ := s.at(now)
		if e := s.least(previous, current, cost); e < s.period {
			return max(now, now-now%s.period+e)
		}
		now += s.period - now%s.period
	}
}

// least solves previous·(Period − e) ≤ (Limit − current − cost)·Period for the least
// whole e from 0 on; Period stands for one that does not lie within the window.
func (s *sliding) least(previous, current, cost int64) int64 {
	left := s.limit - current - cost
	switch {
	case left < 0:
		return s.period
	case previous <= left:
		return 0
	}
	weight := quo(rat(left), rat(previous)) // what (Period − e)/Period may be at most
	return max(0, s.period-floor(mul(weight, rat(s.period))))
}

func (s *sliding) fresh(now int64) int64 {
	previous, current, _ := s.at(now)
	if previous == 0 && current == 0 {
		return now
	}
	if s.current > 0 {
		return (s.window + 2) * s.period
	}
	return (s.window + 1) * s.period
}

func (s *sliding) charge(now, cost int64) {
	previous, current, _ := s.at(now)
	s.window, s.previous, s.current = now/s.period, previous, current+cost
}

func (s *sliding) refund(now, cost int64) {
	if s.window == now/s.period {
		s.current = max(0, s.current-cost)
	}
}

func (s *sliding) reset() { s.window, s.previous, s.current = 0, 0, 0 }
