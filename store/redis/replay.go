package redis

import (
	"slices"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// bucket is a bucket as a script found it at the instant now, and then as each
// decision leaves it. Replaying the decisions on it gives the answers, and
// shows whether Redis has decided as we would.
type bucket struct {
	law     *law
	now     int64
	version int64
	words   []int64
	line    int64 // of a leaky bucket: the turn of the last who entered its queue
}

// unchanged is the reply to a decision that was not carried out.
const unchanged = -1

// newBucket reads what is stored of a bucket: its version, and the words of
// internal/algorithm. Nothing is stored of a fresh one.
func newBucket(l *law, now int64, stored rueidis.RedisMessage) (*bucket, error) {
	b := &bucket{law: l, now: now, words: make([]int64, l.ticks.Words())}
	if stored.IsNil() {
		return b, nil
	}
	text, err := stored.ToString()
	if err != nil {
		return nil, nonsense("%v", err)
	}
	if len(text) != l.size() {
		return nil, nonsense("a bucket has %d bytes, not %d", len(text), l.size())
	}
	ok := true
	read := func(i int) (n int64) {
		n, is := numberAt(text, i)
		ok = ok && is
		return n
	}
	b.version = read(0)
	for i := range b.words {
		b.words[i] = read(1 + i)
	}
	if l.queues() {
		b.line = read(1 + len(b.words))
	}
	for i, per := 0, l.kind.Words(); ok && i < len(l.rates); i++ {
		ok = l.rates[i].sound(b.words[i*per : (i+1)*per])
	}
	if !ok {
		return nil, nonsense("a bucket is %q", text)
	}
	return b, nil
}

// stored returns what is stored of b, if it is not fresh.
func (b *bucket) stored() string {
	text := appendNumbers(appendNumbers(nil, b.version), b.words...)
	if b.law.queues() {
		text = appendNumbers(text, b.line)
	}
	return string(text)
}

// replay carries out a as the script did, which said that the turn was so many
// µs away, or unchanged.
func (b *bucket) replay(a *ask, said int64) (answer, error) {
	var told answer
	var would int64
	switch a.form {
	case take:
		told, would = b.take(a)
	case enter:
		told, would = b.enter(a)
	case giveBack:
		told, would = b.giveBack(a)
	default:
		told.result = b.law.peek(b.words, b.now, a.cost)
	}
	if said != would {
		return answer{}, nonsense("its decision on a cost of %d is %d, where %d follows from the state", a.cost, said, would)
	}
	told.now, told.words = b.now, slices.Clone(b.words)
	return told, nil
}

// take charges at the turn that the law gives, if that is not too far away. The
// result of a wait is that of its turn.
func (b *bucket) take(a *ask) (answer, int64) {
	told := b.law.ticks.Peek(b.words, b.now, a.cost)
	after := told.Turn - b.now
	if after > a.within {
		return answer{result: resultAt(b.now, told)}, unchanged
	}
	place := b.place(a, after)
	result := resultAt(told.Turn, b.law.ticks.Limit(b.words, told.Turn, a.cost))
	return answer{result: result, delay: ticks(after), place: place}, after
}

// enter takes a place in the queue of a leaky bucket, if there is room and the
// way out is not too far away.
func (b *bucket) enter(a *ask) (answer, int64) {
	words := slices.Clone(b.words)
	told, out := b.law.ticks.Enter(words, b.now, a.cost)
	after := out - b.now
	switch {
	case told.Turn > out:
		return answer{result: resultAt(b.now, told)}, unchanged
	case after > a.within:
		return answer{result: b.late(a.cost, after)}, unchanged
	}
	place := b.place(a, after)
	b.words, b.line = words, out
	return answer{result: resultAt(out, told), delay: ticks(after), place: place}, after
}

// late returns the denial of what has room now but would be let out too late:
// as with all who wait, what keeps it is its turn.
func (b *bucket) late(cost, after int64) throttled.Result {
	state := stateAt(b.now, b.law.ticks.Peek(b.words, b.now, cost))
	state.RetryAfter = ticks(after)
	return throttled.NewResult(false, state)
}

// giveBack gives cost back unless a place is taken ahead: it was charged for
// its turn, and giving back before that would let others overtake it.
func (b *bucket) giveBack(a *ask) (answer, int64) {
	if b.line > b.now || b.law.roomier.Peek(b.words, b.now, 1).Turn > b.now {
		return answer{result: b.law.peek(b.words, b.now, 1)}, unchanged
	}
	told := b.law.ticks.Refund(b.words, b.now, a.cost)
	b.version = 0
	if told.Fresh <= b.now {
		clear(b.words) // Redis forgets it, or charges it as it would a fresh one
		b.line = 0
	}
	return answer{result: resultAt(b.now, told)}, 0
}

// place returns the place that a takes, if its turn is after now, and leaves
// its mark. It requires that nothing was charged yet.
func (b *bucket) place(a *ask, after int64) *place {
	var p *place
	if after > 0 {
		p = &place{
			key:    a.key,
			mark:   a.mark,
			turn:   b.now + after,
			fresh:  b.law.ticks.Peek(b.words, b.now, 0).Fresh,
			before: b.stored(),
			behind: b.version,
		}
	}
	b.version = a.mark
	return p
}

// tooLate returns the denial of what has taken a place, but whose turn comes too
// late after all. It requires a place.
func (a *ask) tooLate(got *answer) throttled.Result {
	b := &bucket{law: a.law, now: got.now, words: make([]int64, a.law.ticks.Words())}
	for i := range b.words {
		b.words[i], _ = numberAt(got.place.before, 1+i)
	}
	return b.late(a.cost, got.place.turn-got.now)
}

// ticks returns the time that n ticks take. It requires n to be within the
// bounds of a turn.
func ticks(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
