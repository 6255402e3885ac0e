package algorithm_test

import (
	"encoding/binary"
	"testing"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
	"github.com/throttled-go/throttled/internal/model/walk"
)

// FuzzAgainstModel reads a quota and a trace out of any bytes and compares every
// answer with the model.
func FuzzAgainstModel(f *testing.F) {
	f.Add(fuzzed(algorithm.TokenBucket, []model.Rate{{Limit: 7, Period: 60 * tickSecond, Burst: 7}},
		[]byte{0, 3, 0, 3, 0, 3, 2<<3 | 0, 0, 1, 1<<3 | 2, 4, 2}))
	f.Add(fuzzed(algorithm.LeakyBucket, []model.Rate{{Limit: 6, Period: 60, Burst: 3}, {Limit: 4, Period: 60, Burst: 4}},
		[]byte{4, 1, 4, 1, 4, 1, 2<<3 | 4, 0, 1, 0, 1}))
	f.Add(fuzzed(algorithm.GCRA, []model.Rate{{Limit: walk.MaxAmount, Period: maxPeriod, Burst: walk.MaxAmount}},
		[]byte{2<<5 | 0, 0, 0, 1, 2<<5 | 2, 1, 3<<3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 1}))
	f.Add(fuzzed(algorithm.FixedWindow, []model.Rate{{Limit: 5, Period: 10, Burst: 1}},
		[]byte{0, 3, 0, 3, 1<<3 | 0, 5, 2, 1<<3 | 0, 0xfb, 1, 1<<3 | 2, 4, 1}))
	f.Add(fuzzed(algorithm.SlidingWindow, []model.Rate{{Limit: 10, Period: 100, Burst: 1}},
		[]byte{0, 8, 1<<3 | 0, 60, 2, 1<<3 | 1, 13, 3, 0, 3, 2<<3 | 0, 0, 1, 2, 2}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tr, err := take(&tape{data}); err != nil {
			short, shortErr := shrink(tr)
			t.Fatalf("%v\nin short %v\n%v", err, short, shortErr)
		}
	})
}

// fuzzed writes down the quota in the form that take reads, followed by steps.
func fuzzed(kind algorithm.Kind, rates []model.Rate, steps []byte) []byte {
	data := []byte{byte(kind), byte(len(rates) - 1), 0}
	for _, r := range rates {
		for _, n := range []int64{r.Limit, r.Period, r.Burst} {
			data = binary.LittleEndian.AppendUint64(data, uint64(n))
		}
	}
	return append(data, steps...)
}

// take reads a quota, an epoch and up to 48 steps, and takes them.
func take(in *tape) (trace, error) {
	tr := trace{kind: walk.Kinds[int(in.byte())%len(walk.Kinds)]}
	n := 1 + int(in.byte())%algorithm.MaxRates
	now := domain.Epochs[int(in.byte())%len(domain.Epochs)]
	for range n {
		tr.rates = append(tr.rates, domain.Bounded(model.Rate{Limit: in.int(), Period: in.int(), Burst: in.int()}))
	}
	p := newPair(tr.kind, tr.rates)
	var last model.Answer
	for len(in.rest) > 0 && len(tr.steps) < 48 {
		s := in.step(tr.kind, now, last)
		now = s.now
		tr.steps = append(tr.steps, s)
		var err error
		if last, err = p.do(s, len(tr.steps)%32 == 0); err != nil {
			return tr, err
		}
	}
	return tr, nil
}

// tape is the input, read from the front; past its end it goes on with zeros.
type tape struct{ rest []byte }

func (in *tape) byte() byte {
	if len(in.rest) == 0 {
		return 0
	}
	b := in.rest[0]
	in.rest = in.rest[1:]
	return b
}

func (in *tape) int() int64 {
	var word [8]byte
	in.rest = in.rest[copy(word[:], in.rest):]
	return int64(binary.LittleEndian.Uint64(word[:]))
}

// step reads one step. Its first byte holds the operation in three bits, how the
// clock moves in two, and how the cost is told in the rest.
func (in *tape) step(kind algorithm.Kind, now int64, last model.Answer) step {
	b := in.byte()
	s := step{op: op(b&7) % ops, now: now}
	if s.op == opEnter && kind != algorithm.LeakyBucket {
		s.op = opLimit
	}
	switch b >> 3 & 3 {
	case 1:
		s.now += int64(int8(in.byte()))
	case 2:
		if last.RetryAfter != model.Never {
			s.now += last.RetryAfter + int64(int8(in.byte()))
		}
	case 3:
		s.now += in.int() >> 2
	}
	s.now = min(max(s.now, 0), maxNow)
	switch b >> 5 & 3 {
	case 1:
		s.cost = last.Remaining + int64(int8(in.byte()))
	case 2:
		s.cost = in.int() >> 1 & (1<<62 - 1)
	default:
		s.cost = int64(in.byte())
	}
	s.cost = max(s.cost, 0)
	return s
}
