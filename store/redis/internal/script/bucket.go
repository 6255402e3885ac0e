package script

import (
	"slices"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// Bucket is a bucket as a script found it, and then as each decision leaves it.
type Bucket struct {
	plan    *Plan
	now     int64 // µs of the server's clock
	version int64
	words   []int64  // of internal/algorithm
	line    int64    // turn of the last who entered the queue, if it has one
	few     [3]int64 // the words of one rate
}

// Peek answers as Redis would to a Limit of cost so long after the decisions, if
// nothing else has come.
func (b *Bucket) Peek(after time.Duration, cost int64) throttled.Result {
	now := b.now + int64((after+time.Microsecond-1)/time.Microsecond)
	return resultAt(now, b.plan.law.Peek(b.words, now, cost))
}

// Clone returns a copy of b, which does not keep the other buckets of its call in
// memory.
func (b *Bucket) Clone() *Bucket {
	c := *b
	c.words = append(c.few[:0], b.words...)
	return &c
}

// unchanged is the reply to a decision that was not carried out.
const unchanged = -1

// fresh makes b a bucket of which nothing is stored.
func (b *Bucket) fresh(p *Plan, now int64) {
	b.plan, b.now = p, now
	if n := p.law.Words(); n <= len(b.few) {
		b.words = b.few[:n]
	} else {
		b.words = make([]int64, n)
	}
}

// load makes b what is stored of it.
func (b *Bucket) load(p *Plan, now int64, stored *rueidis.RedisMessage) error {
	b.fresh(p, now)
	if stored.IsNil() {
		return nil
	}
	text, err := stored.ToString()
	if err != nil {
		return nonsense("%v", err)
	}
	if !b.parse(text) {
		return nonsense("a bucket is %q", text)
	}
	return nil
}

// parse reports whether text may be a bucket that a script has stored.
func (b *Bucket) parse(text string) bool {
	if len(text) != b.plan.size() {
		return false
	}
	sound := true
	number := func(i int) int64 {
		n, ok := numberAt(text, i)
		sound = sound && ok
		return n
	}
	b.version = number(0)
	for i := range b.words {
		b.words[i] = number(1 + i)
	}
	if b.plan.queues() {
		b.line = number(1 + len(b.words))
	}
	for i, per := 0, b.plan.kind.Words(); sound && i < len(b.plan.rates); i++ {
		sound = b.plan.rates[i].sound(b.words[i*per : (i+1)*per])
	}
	return sound
}

// stored returns what is stored of b, if it is not fresh.
func (b *Bucket) stored() string {
	text := appendNumbers(appendNumbers(nil, b.version), b.words...)
	if b.plan.queues() {
		text = appendNumbers(text, b.line)
	}
	return string(text)
}

// replay carries out op as the script did, which said that the turn was so many
// µs away, or unchanged.
func (b *Bucket) replay(op *Operation, said int64) (Answer, error) {
	var a Answer
	var would int64
	switch op.action {
	case charge:
		a, would = b.charge(op)
	case enqueue:
		a, would = b.enqueue(op)
	case refund:
		a, would = b.refund(op)
	default:
		a.Result = b.Peek(0, op.cost)
	}
	if said != would {
		return Answer{}, nonsense("its decision on a cost of %d is %d, where %d follows from the state", op.cost, said, would)
	}
	a.Bucket = b
	return a, nil
}

// charge charges at the turn that the law gives, if that is not too far away. The
// result of a wait is as of its turn.
func (b *Bucket) charge(op *Operation) (Answer, int64) {
	told := b.plan.law.Peek(b.words, b.now, op.cost)
	after := told.Turn - b.now
	if after > op.within {
		return Answer{Result: resultAt(b.now, told)}, unchanged
	}
	place := b.reserve(op, after)
	result := resultAt(told.Turn, b.plan.law.Limit(b.words, told.Turn, op.cost))
	return Answer{Result: result, Delay: microseconds(after), Place: place}, after
}

// enqueue takes a place in the queue of a leaky bucket, if there is room and the
// way out is not too far away.
func (b *Bucket) enqueue(op *Operation) (Answer, int64) {
	words := slices.Clone(b.words)
	told, out := b.plan.law.Enter(words, b.now, op.cost)
	after := out - b.now
	switch {
	case told.Turn > out:
		return Answer{Result: resultAt(b.now, told)}, unchanged
	case after > op.within:
		return Answer{Result: b.tooLate(op.cost, after)}, unchanged
	}
	place := b.reserve(op, after)
	b.words, b.line = words, out
	return Answer{Result: resultAt(out, told), Delay: microseconds(after), Place: place}, after
}

// tooLate returns the denial of what would have its turn so many µs from now,
// which is too late: as with all who wait, its turn is what it waits for.
func (b *Bucket) tooLate(cost, after int64) throttled.Result {
	state := stateAt(b.now, b.plan.law.Peek(b.words, b.now, cost))
	state.RetryAfter = microseconds(after)
	return throttled.NewResult(false, state)
}

// refund gives cost back, unless a place is taken ahead: that was charged for its
// turn, and giving back before it would let others overtake.
func (b *Bucket) refund(op *Operation) (Answer, int64) {
	if b.line > b.now || b.plan.roomier.Peek(b.words, b.now, 1).Turn > b.now {
		return Answer{Result: b.Peek(0, 1)}, unchanged
	}
	told := b.plan.law.Refund(b.words, b.now, op.cost)
	b.version = 0
	if told.Fresh <= b.now {
		clear(b.words) // Redis forgets it, or charges it as it would a fresh one
		b.line = 0
	}
	return Answer{Result: resultAt(b.now, told)}, 0
}

// reserve returns the place that op takes if its turn is after now, and leaves
// its mark. It requires that nothing was charged yet.
func (b *Bucket) reserve(op *Operation, after int64) *Place {
	var p *Place
	if after > 0 {
		p = &Place{
			key:    op.key,
			Mark:   op.mark,
			Turn:   b.now + after,
			fresh:  b.plan.law.Peek(b.words, b.now, 0).Fresh,
			before: b.stored(),
			Behind: b.version,
		}
	}
	b.version = op.mark
	return p
}
