package redis

import (
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// command is a script with its keys and arguments. In a cluster all keys must
// be of one slot.
type command struct {
	script     *script
	keys, args []string
}

// evalsha returns the command for a server that has the script, and eval for
// one that answered NOSCRIPT. Neither may be retried: all but peekScript write.
func (c *command) evalsha(b rueidis.Builder) rueidis.Completed {
	return b.Evalsha().Sha1(c.script.sha).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

func (c *command) eval(b rueidis.Builder) rueidis.Completed {
	return b.Eval().Script(c.script.text).Numkeys(int64(len(c.keys))).Key(c.keys...).Arg(c.args...).Build()
}

// at makes the script take now, in µs, for the time. It is for tests.
func (c *command) at(now int64) {
	for len(c.args) < len(c.keys) {
		c.args = append(c.args, "") // the time comes after one argument for each key
	}
	c.args = append(c.args, strconv.FormatInt(now, 10))
}

// call is one script call that carries out any number of asks. It is the same
// as if they came one after the other at one instant: those on one bucket in
// their order.
type call struct {
	command
	asks  []ask
	order [][]int // for each of keys the indexes of its asks
}

// answer is what became of an ask.
type answer struct {
	// err tells that Redis refused, and then nothing was charged, or that the
	// reply makes no sense, and then that is unknown.
	err error

	// result is as of the turn, which is delay away from the instant at which
	// Redis decided. A denied result has no delay.
	result throttled.Result
	delay  time.Duration

	// place is what was taken of the time to come, nil where delay is 0.
	place *place

	// The instant at which Redis decided, in µs of its clock, and the state of
	// the bucket after it.
	now   int64
	words []int64
}

// newCall requires one ask or more, of one kin.
func newCall(asks ...ask) *call {
	c := &call{asks: asks, command: command{script: asks[0].script()}}
	c.group()
	if !asks[0].decides() {
		return c
	}
	for _, of := range c.order {
		c.args = append(c.args, c.decisions(of))
	}
	return c
}

// group finds the asks of each bucket.
func (c *call) group() {
	if len(c.asks) == 1 {
		c.keys, c.order = []string{c.asks[0].key}, [][]int{{0}}
		return
	}
	known := make(map[string]int, len(c.asks))
	c.keys, c.order = make([]string, 0, len(c.asks)), make([][]int, 0, len(c.asks))
	firsts := make([]int, len(c.asks)) // most buckets have one ask only
	for i := range c.asks {
		k, ok := known[c.asks[i].key]
		if ok {
			c.order[k] = append(c.order[k], i)
			continue
		}
		known[c.asks[i].key] = len(c.keys)
		firsts[i] = i
		c.keys, c.order = append(c.keys, c.asks[i].key), append(c.order, firsts[i:i+1:i+1])
	}
}

// decisions returns the argument that goes with a key.
func (c *call) decisions(of []int) string {
	rates := len(c.asks[0].law.rates)
	text := make([]byte, 0, 8*(1+len(of)*(2+maxNumbers*rates)))
	if rates > 1 {
		text = appendNumbers(text, int64(rates))
	}
	for _, i := range of {
		text = c.asks[i].append(text)
	}
	return rueidis.BinaryString(text)
}

// answers reads the reply, which is not an error of Redis.
func (c *call) answers(reply rueidis.RedisMessage) []answer {
	answers := make([]answer, len(c.asks))
	if err := c.read(reply, answers); err != nil {
		return c.refused(err)
	}
	return answers
}

// refused returns the answers to a call that Redis did not carry out, or did in
// a way that makes no sense.
func (c *call) refused(err error) []answer {
	answers := make([]answer, len(c.asks))
	for i := range answers {
		answers[i] = answer{err: err}
	}
	return answers
}

// read reads the reply into answers. Its errors concern all of them.
func (c *call) read(reply rueidis.RedisMessage, answers []answer) error {
	if c.script == resetScript {
		if _, err := reply.ToInt64(); err != nil {
			return nonsense("%v", err)
		}
		for i := range c.asks {
			words := make([]int64, c.asks[i].law.ticks.Words())
			answers[i] = answer{result: c.asks[i].law.peek(words, 0, 1), words: words}
		}
		return nil
	}
	all, err := reply.ToArray()
	if err != nil {
		return nonsense("%v", err)
	}
	if want := c.replyLength(); len(all) != want {
		return nonsense("it has %d parts, not %d", len(all), want)
	}
	now, err := all[0].ToInt64()
	if err != nil || now < 0 || now > maxNumber {
		return nonsense("the time is %v", all[0].String())
	}
	rest := all[1:]
	for _, of := range c.order {
		rest = c.readBucket(now, rest, of, answers)
	}
	return nil
}

// replyLength is now, and for each key its value and the decisions.
func (c *call) replyLength() int {
	if c.asks[0].decides() {
		return 1 + len(c.keys) + len(c.asks)
	}
	return 1 + len(c.keys)
}

// readBucket reads what the front of parts says of one key, replays it, and
// returns the rest. After an error the bucket's state is unknown, so all that
// was decided on it later has the same error.
func (c *call) readBucket(now int64, parts []rueidis.RedisMessage, of []int, answers []answer) []rueidis.RedisMessage {
	decided := c.asks[0].decides()
	b, err := newBucket(c.asks[of[0]].law, now, parts[0])
	for n, i := range of {
		var said int64
		if err == nil && decided {
			said, err = decision(parts[1+n])
		}
		if err == nil {
			answers[i], err = b.replay(&c.asks[i], said)
		}
		if err != nil {
			answers[i] = answer{err: err}
		}
	}
	if decided {
		return parts[1+len(of):]
	}
	return parts[1:]
}

// decision reads how far a turn is away.
func decision(part rueidis.RedisMessage) (int64, error) {
	said, err := part.ToInt64()
	if err != nil {
		return 0, nonsense("%v", err)
	}
	return said, nil
}

// nonsense is the error of a reply, or of a value in Redis, that no script of
// ours makes.
func nonsense(format string, args ...any) error {
	return fmt.Errorf("%w: the reply of Redis makes no sense: "+format, append([]any{throttled.ErrStoreUnavailable}, args...)...)
}
