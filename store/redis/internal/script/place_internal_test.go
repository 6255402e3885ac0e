package script

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// stand is a bucket of 3, of which one comes back every 10 ms.
type stand struct {
	*testing.T
	s   *server
	law *Plan
	key string
}

func newStand(t *testing.T, s *server, a throttled.Algorithm, key string) *stand {
	return &stand{t, s, planOfText(t, a, "6/60ms burst 3"), key}
}

// do carries out a request at an instant in ms from noon.
func (b *stand) do(at int64, op throttled.Op, cost int64) Answer {
	b.Helper()
	req := throttled.Request{Key: b.key, Op: op, Cost: cost}
	if op == throttled.OpWait {
		req.Within = time.Hour
	}
	a := b.s.ask(noon+at*1000, b.law.Operation(req))[0]
	require.NoError(b, a.Err)
	return a
}

// wait takes a place, whose turn comes so many ms later.
func (b *stand) wait(at, cost, after int64) *Place {
	b.Helper()
	a := b.do(at, throttled.OpWait, cost)
	require.True(b, a.Result.Allowed)
	require.Equal(b, time.Duration(after)*time.Millisecond, a.Delay)
	return a.Place
}

func (b *stand) cancel(at int64, p *Place) bool { return b.s.cancel(noon+at*1000, p) }

// TestCancel: what is written about a place that is given back holds in a line
// and in a queue.
func TestCancel(t *testing.T) {
	s := startServer(t)
	for _, a := range bucketKinds {
		line := a != throttled.LeakyBucket
		cases := map[string]func(b *stand){
			"what was before is restored": func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 2)
				}
				before, expires := b.s.value(b.law.key(b.key))
				p := b.wait(0, 1, 10)
				assert.True(b, b.cancel(9, p))
				value, again := b.s.value(b.law.key(b.key))
				assert.Equal(b, before, value)
				assert.Equal(b, expires, again)
				assert.False(b, b.cancel(9, p), "twice")
				b.wait(9, 1, 1)
			},
			"two, the last one first": func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 2)
				}
				first := b.wait(0, 1, 10)
				second := b.wait(0, 1, 20)
				assert.False(b, b.cancel(1, first), "a place was taken since")
				assert.True(b, b.cancel(1, second))
				assert.True(b, b.cancel(1, first), "and is given back")
				b.wait(1, 1, 9)
			},
			"its turn has come": func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 2)
				}
				p := b.wait(0, 1, 10)
				assert.False(b, b.cancel(10, p))
				assert.False(b, b.cancel(11, p))
				assert.True(b, b.cancel(9, p), "the clock stepped back")
			},
			"reset since": func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 2)
				}
				p := b.wait(0, 1, 10)
				b.do(0, throttled.OpReset, 0)
				assert.False(b, b.cancel(0, p))
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 2)
				}
				b.wait(0, 1, 10)
				assert.False(b, b.cancel(0, p), "and all charged again")
			},
			"something else is stored since": func(b *stand) {
				b.do(0, throttled.OpLimit, 2)
				p := b.wait(0, map[bool]int64{true: 2, false: 1}[line], map[bool]int64{true: 10, false: 20}[line])
				require.NoError(b, s.do(s.client.B().Set().Key(b.law.key(b.key)).Value("else").Build()).Error())
				assert.False(b, b.cancel(0, p))
			},
			"good as new without it": func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				if line {
					b.do(0, throttled.OpLimit, 1)
				}
				p := b.wait(0, map[bool]int64{true: 3, false: 1}[line], map[bool]int64{true: 20, false: 10}[line])
				assert.True(b, b.cancel(9, p))
				b.do(30, throttled.OpRefund, 1)
				value, expires := b.s.value(b.law.key(b.key))
				assert.Empty(b, value)
				assert.EqualValues(b, -2, expires)
			},
		}
		if !line { // at a full queue a Limit is denied, and changes nothing
			cases["charged since"] = func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				p := b.wait(0, 1, 10)
				b.do(0, throttled.OpLimit, 1)
				assert.False(b, b.cancel(0, p))
			}
			cases["a refund since, which gives nothing back"] = func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				p := b.wait(0, 1, 10)
				b.do(0, throttled.OpRefund, 1)
				assert.True(b, b.cancel(0, p))
			}
			cases["looked at and denied since"] = func(b *stand) {
				b.do(0, throttled.OpLimit, 1)
				p := b.wait(0, 1, 10)
				b.do(0, throttled.OpLimit, 3)
				b.do(0, throttled.OpPeek, 1)
				assert.True(b, b.cancel(0, p))
			}
		}
		for name, run := range cases {
			t.Run(a.String()+"/"+name, func(t *testing.T) { run(newStand(t, s, a, name)) })
		}
	}
}
