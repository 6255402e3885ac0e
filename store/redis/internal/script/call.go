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
	if operations[0].decides() {
		c.args = make([]string, len(c.keys))
		for k, of := range c.byKey {
			c.args[k] = c.decisions(of)
		}
	}
	return c
}

// group finds the operations on each bucket.
func (c *Call) group() {
	if len(c.operations) == 1 {
		c.keys, c.byKey = []string{c.operations[0].key}, [][]int{{0}}
		return
	}
	known := make(map[string]int, len(c.operations))
	c.keys, c.byKey = make([]string, 0, len(c.operations)), make([][]int, 0, len(c.operations))
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

// decisions returns the argument that goes with a key.
func (c *Call) decisions(of []int) string {
	rates := len(c.operations[0].plan.rates)
	text := make([]byte, 0, 8*(1+len(of)*(2+maxNumbers*rates)))
	if rates > 1 {
		text = appendNumbers(text, int64(rates))
	}
	for _, i := range of {
		text = c.operations[i].append(text)
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
	decides, want := c.operations[0].decides(), 2
	if decides {
		want = 3
	}
	if len(parts) != want {
		return nonsense("it has %d parts, not %d", len(parts), want)
	}
	now, err := parts[0].ToInt64()
	if err != nil || now < 0 || now > maxNumber {
		return nonsense("the time is %v", parts[0].String())
	}
	values, err := parts[1].ToArray()
	if err != nil || len(values) != len(c.keys) {
		return nonsense("it is about %d keys, not %d", len(values), len(c.keys))
	}
	decisions := ""
	if decides {
		if decisions, err = parts[2].ToString(); err != nil || len(decisions) != 8*len(c.operations) {
			return nonsense("its decisions have %d bytes, not %d", len(decisions), 8*len(c.operations))
		}
	}
	buckets := make([]Bucket, len(c.keys))
	for k, of := range c.byKey {
		b := &buckets[k]
		err := b.load(c.operations[of[0]].plan, now, &values[k])
		c.decide(b, err, decisions, of, answers)
		if decides {
			decisions = decisions[8*len(of):]
		}
	}
	return nil
}

// decide replays the decisions about a bucket, which begin with the first of some.
// After an error the state of the bucket is unknown, so all later decisions about
// it have the same error.
func (c *Call) decide(b *Bucket, err error, decisions string, of []int, answers []Answer) {
	for n, i := range of {
		var said int64
		if err == nil && decisions != "" {
			said, err = decision(decisions, n)
		}
		if err == nil {
			answers[i], err = b.replay(&c.operations[i], said)
		}
		if err != nil {
			answers[i] = Answer{Err: err}
		}
	}
}

// decision reads how far away the turn at an index is.
func decision(decisions string, i int) (int64, error) {
	if said, ok := numberAt(decisions, i); ok {
		return said, nil
	}
	if decisions[8*i:8*i+8] == decidedUnchanged {
		return unchanged, nil
	}
	return 0, nonsense("a decision is %q", decisions[8*i:8*i+8])
}

// decidedUnchanged is unchanged as it is written.
var decidedUnchanged = string(appendNumbers(nil, unchanged))

// nonsense returns the error of a reply, or of a value in Redis, that no script
// of ours makes.
func nonsense(format string, args ...any) error {
	return fmt.Errorf("%w: the reply of Redis makes no sense: "+format, append([]any{throttled.ErrStoreUnavailable}, args...)...)
}
