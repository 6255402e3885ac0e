package script

import (
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// Command is a script with its keys and arguments. In a cluster all keys must
// be of one slot.
type Command struct {
	script     *script
	keys, args []string
}

// Evalsha returns the command for a server that has the script. It must not be
// retried: the script may write.
func (c *Command) Evalsha(b rueidis.Builder) rueidis.Completed {
	return b.Evalsha().Sha1(c.script.sha).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

// Eval returns the command for a server that answered NOSCRIPT to Evalsha. It
// must not be retried either.
func (c *Command) Eval(b rueidis.Builder) rueidis.Completed {
	return b.Eval().Script(c.script.text).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

// Call is a command that carries out operations as if they came one after the
// other at one instant: those on one bucket in their order.
type Call struct {
	Command
	operations []Operation
	byKey      [][]int // for each of keys the indexes of its operations

	// What keys, args and byKey are made of where there is one operation.
	key, arg [1]string
	first    [1]int
	only     [1][]int
}

// Answer is what became of an operation.
type Answer struct {
	// Err says that Redis refused, and then nothing was charged, or that the
	// reply makes no sense, and then that is unknown.
	Err error

	// Result is as of the turn, which is Delay away from the instant at which
	// Redis decided. A denied Result has no Delay.
	Result throttled.Result
	Delay  time.Duration

	// Place is what was taken of the time ahead, nil where Delay is 0.
	Place *Place

	// Bucket is the bucket as the call leaves it, nil after a Reset. Answers of
	// one call about one bucket share it.
	Bucket *Bucket
}

// NewCall requires at least one operation, and all of one kind.
func NewCall(operations ...Operation) *Call {
	c := &Call{operations: operations, Command: Command{script: operations[0].script()}}
	c.group()
	switch {
	case !operations[0].decides():
	case c.uniform():
		c.args = append(c.args, c.decisions(c.byKey[0]))
	default:
		for _, of := range c.byKey {
			c.args = append(c.args, c.decisions(of))
		}
	}
	return c
}

// uniform reports whether one decision is asked for each of several buckets, and
// always the same.
func (c *Call) uniform() bool {
	if len(c.byKey) != len(c.operations) {
		return false
	}
	for i := range c.operations[1:] {
		if !c.operations[i].asksLike(&c.operations[i+1]) {
			return false
		}
	}
	return true
}

// group finds the operations on each bucket.
func (c *Call) group() {
	if len(c.operations) == 1 {
		c.key[0], c.only[0] = c.operations[0].key, c.first[:]
		c.keys, c.args, c.byKey = c.key[:], c.arg[:0], c.only[:]
		return
	}
	known := make(map[string]int, len(c.operations))
	n := len(c.operations)
	c.keys, c.args, c.byKey = make([]string, 0, n), make([]string, 0, n), make([][]int, 0, n)
	firsts := make([]int, len(c.operations)) // most buckets have one operation only
	for i := range c.operations {
		key := c.operations[i].key
		if k, ok := known[key]; ok {
			c.byKey[k] = append(c.byKey[k], i)
			continue
		}
		known[key] = len(c.keys)
		firsts[i] = i
		c.keys, c.byKey = append(c.keys, key), append(c.byKey, firsts[i:i+1:i+1])
	}
}

// decisions returns the argument that goes with a key. What is asked several times
// in a row goes once, with their number.
func (c *Call) decisions(of []int) string {
	rates := len(c.operations[0].plan.rates)
	text := make([]byte, 0, 8*(1+3+maxNumbers*rates)) // mostly all ask the same
	if rates > 1 {
		text = appendNumbers(text, int64(rates))
	}
	for len(of) > 0 {
		op, times := &c.operations[of[0]], 1
		for times < len(of) && op.asksLike(&c.operations[of[times]]) {
			times++
		}
		text = op.append(text, times)
		of = of[times:]
	}
	return rueidis.BinaryString(text)
}

// ByKey returns the indexes of the operations on each of the keys.
func (c *Call) ByKey() [][]int { return c.byKey }

// Answers reads the reply, which is not an error of Redis.
func (c *Call) Answers(reply rueidis.RedisMessage) []Answer {
	answers := make([]Answer, len(c.operations))
	if err := c.read(reply, answers); err != nil {
		return c.Refused(err)
	}
	return answers
}

// Refused returns the same error for each operation.
func (c *Call) Refused(err error) []Answer {
	answers := make([]Answer, len(c.operations))
	for i := range answers {
		answers[i].Err = err
	}
	return answers
}

// read reads the reply into answers. Its errors concern all of them.
func (c *Call) read(reply rueidis.RedisMessage, answers []Answer) error {
	if c.script == resetScript {
		if _, err := reply.ToInt64(); err != nil {
			return nonsense("%v", err)
		}
		for i := range c.operations {
			p := c.operations[i].plan
			answers[i].Result = resultAt(0, p.law.Peek(make([]int64, p.law.Words()), 0, 1))
		}
		return nil
	}
	parts, err := reply.ToArray()
	if err != nil {
		return nonsense("%v", err)
	}
	decides, n := c.operations[0].decides(), len(c.keys)
	want := n + 1
	if decides {
		want++
	}
	if len(parts) != want {
		return nonsense("it has %d parts, not %d", len(parts), want)
	}
	now, err := parts[want-1].ToInt64()
	if err != nil || now < 0 || now > maxNumber {
		return nonsense("the time is %v", parts[want-1].String())
	}
	said := make([]int64, len(c.operations))
	if decides {
		if err := decisions(&parts[n], said); err != nil {
			return err
		}
	}
	buckets := make([]Bucket, n)
	for k, of := range c.byKey {
		b := &buckets[k]
		err := b.load(c.operations[of[0]].plan, now, &parts[k])
		c.decide(b, err, said[:len(of)], of, answers)
		said = said[len(of):]
	}
	return nil
}

// decisions reads how far away turns are, or that nothing was changed: one as a
// number, several as doubles.
func decisions(part *rueidis.RedisMessage, said []int64) (err error) {
	if len(said) == 1 {
		if said[0], err = part.ToInt64(); err != nil {
			return nonsense("%v", err)
		}
		return nil
	}
	text, err := part.ToString()
	if err != nil || len(text) != 8*len(said) {
		return nonsense("its decisions have %d bytes, not %d", len(text), 8*len(said))
	}
	for i := range said {
		n, ok := numberAt(text, i)
		if !ok {
			if text[8*i:8*i+8] != unchangedText {
				return nonsense("a decision is %q", text[8*i:8*i+8])
			}
			n = unchanged
		}
		said[i] = n
	}
	return nil
}

// unchangedText is unchanged as a double.
var unchangedText = string(appendNumbers(nil, unchanged))

// decide replays what was said of the operations on a bucket. After an error the
// state of the bucket is unknown, so all later answers about it have the same
// error.
func (c *Call) decide(b *Bucket, err error, said []int64, of []int, answers []Answer) {
	for n, i := range of {
		if err == nil {
			answers[i], err = b.replay(&c.operations[i], said[n])
		}
		if err != nil {
			answers[i] = Answer{Err: err}
		}
	}
}

// nonsense returns the error of a reply, or of a value in Redis, that no script
// of ours makes.
func nonsense(format string, args ...any) error {
	return fmt.Errorf("%w: the reply of Redis makes no sense: "+format, append([]any{throttled.ErrStoreUnavailable}, args...)...)
}
