package correct

import (
	"math/big"

	"github.com/throttled-go/throttled/bench/peers"
)

// model is a law, told exactly. It is charged with what a peer let through,
// whether or not that was right, so each decision is judged by itself. Instants
// are Unix nanoseconds.
type model interface {
	// conforms reports whether cost may pass now.
	conforms(now, cost int64) bool
	charge(now, cost int64)
	// beyond returns how much more has passed by now than the law allows.
	beyond(now int64) float64
}

// newModel returns the law that p claims, of a limiter that was made at an
// instant and a key that was first asked for at another.
func newModel(law peers.Law, s peers.Settings, made, birth int64) model {
	switch law {
	case peers.TokenBucket:
		return newBucket(s, s.Burst)
	case peers.EvenSpacing:
		return newBucket(s, 1)
	case peers.SlidingWindow:
		return &sliding{limit: s.Limit, period: int64(s.Period)}
	case peers.SlidingFromBirth:
		return &sliding{limit: s.Limit, period: int64(s.Period), anchor: made}
	case peers.WindowFromFirst:
		return &window{limit: s.Limit, period: int64(s.Period), fromFirst: true}
	case peers.WindowFromBirth:
		return &window{limit: s.Limit, period: int64(s.Period), anchor: birth}
	case peers.WindowByClock:
		return &window{limit: s.Limit, period: int64(s.Period)}
	default:
		return nil
	}
}

// bucket is full at tat and holds capacity tokens, one of which comes every
// interval. Before tat it lacks what comes until then.
type bucket struct {
	interval, capacity, tat *big.Rat
}

func newBucket(s peers.Settings, capacity int64) *bucket {
	return &bucket{
		interval: big.NewRat(int64(s.Period), s.Limit),
		capacity: new(big.Rat).SetInt64(capacity),
		tat:      new(big.Rat),
	}
}

// lacking returns how many tokens are not there after cost is taken now.
func (b *bucket) lacking(now, cost int64) *big.Rat {
	lacking := new(big.Rat).Sub(b.tat, new(big.Rat).SetInt64(now))
	if lacking.Sign() < 0 {
		lacking.SetInt64(0)
	}
	lacking.Quo(lacking, b.interval)
	return lacking.Add(lacking, new(big.Rat).SetInt64(cost))
}

func (b *bucket) conforms(now, cost int64) bool {
	return b.lacking(now, cost).Cmp(b.capacity) <= 0
}

func (b *bucket) charge(now, cost int64) {
	lacking := b.lacking(now, cost)
	b.tat.Add(new(big.Rat).SetInt64(now), lacking.Mul(lacking, b.interval))
}

func (b *bucket) beyond(now int64) float64 {
	over, _ := new(big.Rat).Sub(b.lacking(now, 0), b.capacity).Float64()
	return max(over, 0)
}

// window counts afresh from each begin on.
type window struct {
	limit, period int64
	anchor        int64 // a begin; all others are whole periods away
	fromFirst     bool  // or what is charged after the end of a window begins the next
	begin, count  int64
}

func (w *window) now(now int64) (begin, count int64) {
	switch {
	case !w.fromFirst:
		begin = now - floorMod(now-w.anchor, w.period)
	case w.count > 0 && now-w.begin < w.period:
		begin = w.begin
	default:
		return now, 0
	}
	if begin != w.begin {
		return begin, 0
	}
	return begin, w.count
}

func (w *window) conforms(now, cost int64) bool {
	_, count := w.now(now)
	return count+cost <= w.limit
}

func (w *window) charge(now, cost int64) {
	begin, count := w.now(now)
	w.begin, w.count = begin, count+cost
}

func (w *window) beyond(now int64) float64 {
	_, count := w.now(now)
	return float64(max(count-w.limit, 0))
}

// sliding weighs the count of the window before by how much of it lies within
// the last period.
type sliding struct {
	limit, period               int64
	anchor                      int64 // a begin of a window; all others are whole periods away
	number, previous, thisCount int64
}

func (s *sliding) now(now int64) (number, previous, current int64) {
	now -= s.anchor
	switch number = (now - floorMod(now, s.period)) / s.period; number {
	case s.number:
		return number, s.previous, s.thisCount
	case s.number + 1:
		return number, s.thisCount, 0
	default:
		return number, 0, 0
	}
}

// over returns by how much cost would pass the limit now, times the period.
func (s *sliding) over(now, cost int64) *big.Int {
	_, previous, current := s.now(now)
	weighted := new(big.Int).Mul(big.NewInt(previous), big.NewInt(s.period-floorMod(now-s.anchor, s.period)))
	rest := new(big.Int).Mul(big.NewInt(current+cost-s.limit), big.NewInt(s.period))
	return weighted.Add(weighted, rest)
}

func (s *sliding) conforms(now, cost int64) bool { return s.over(now, cost).Sign() <= 0 }

func (s *sliding) charge(now, cost int64) {
	s.number, s.previous, s.thisCount = s.now(now)
	s.thisCount += cost
}

func (s *sliding) beyond(now int64) float64 {
	over, _ := new(big.Rat).SetFrac(s.over(now, 0), big.NewInt(s.period)).Float64()
	return max(over, 0)
}

func floorMod(n, d int64) int64 {
	if n %= d; n < 0 {
		n += d
	}
	return n
}
