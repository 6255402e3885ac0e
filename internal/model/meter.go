package model

import "math/big"

// meter is the law of the three buckets. With E = Period/Limit ticks to a unit, a
// capacity of C = Burst, and TAT the instant at which all that was charged has
// leaked:
//
//	base = max(TAT, now); allowed iff base + cost·E − now ≤ C·E; then TAT = base + cost·E
//
// The rationals in it are never changed in place, so clones share them.
type meter struct {
	burst int64
	e     *big.Rat // E
	full  *big.Rat // C·E
	tat   *big.Rat // TAT; 0 when fresh, since no instant lies before 0
}

func newMeter(r Rate) *meter {
	e := big.NewRat(r.Period, r.Limit)
	return &meter{burst: r.Burst, e: e, full: mul(rat(r.Burst), e), tat: rat(0)}
}

func (m *meter) clone() rate {
	c := *m
	return &c
}

func (m *meter) capacity() int64 { return m.burst }

func (m *meter) base(now int64) *big.Rat { return maxRat(m.tat, rat(now)) }

// after is cost·E after start.
func (m *meter) after(start *big.Rat, cost int64) *big.Rat {
	return add(start, mul(rat(cost), m.e))
}

func (m *meter) allows(now, cost int64) bool {
	return m.fits(m.base(now), now, cost)
}

// fits reports start + cost·E − now ≤ C·E.
func (m *meter) fits(start *big.Rat, now, cost int64) bool {
	return sub(m.after(start, cost), rat(now)).Cmp(m.full) <= 0
}

// remaining solves base + cost·E − now ≤ C·E for the greatest whole cost.
func (m *meter) remaining(now int64) int64 {
	room := sub(m.full, sub(m.base(now), rat(now)))
	if room.Sign() < 0 {
		return 0
	}
	return floor(quo(room, m.e))
}

func (m *meter) turn(now, cost int64) int64 {
	return m.turnFrom(m.base(now), now, cost)
}

// turnFrom solves start + cost·E − t ≤ C·E for the least whole t from now on, where
// start is now or does not depend on it.
func (m *meter) turnFrom(start *big.Rat, now, cost int64) int64 {
	if cost > m.burst {
		return Never
	}
	return max(now, ceil(sub(m.after(start, cost), m.full)))
}

// fresh is the first whole instant with base = now, as if TAT were 0.
func (m *meter) fresh(now int64) int64 {
	return ceil(m.base(now))
}

func (m *meter) charge(now, cost int64) {
	m.tat = m.after(m.base(now), cost)
}

func (m *meter) refund(now, cost int64) {
	m.tat = sub(m.tat, mul(rat(cost), m.e))
	if m.tat.Cmp(rat(now)) <= 0 {
		m.tat = rat(0)
	}
}

func (m *meter) reset() { m.tat = rat(0) }
