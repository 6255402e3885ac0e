package redis

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// patient is a store with time enough.
var patient = &Store{courier: courier{timeout: time.Hour}}

// calls is what a desk sends: each call stays out until it is let back.
type calls struct {
	t    *testing.T
	desk *desk
	out  chan [][]*pending // those that are out, in the order in which they went
	back map[*pending]chan struct{}
}

func newCalls(t *testing.T, clustered bool) *calls {
	c := &calls{t: t, out: make(chan [][]*pending, 1), back: make(map[*pending]chan struct{})}
	c.out <- nil
	c.desk = newDesk(clustered, func(together []*pending, _ func()) bool {
		back := make(chan struct{})
		out := <-c.out
		c.back[together[0]] = back
		c.out <- append(out, together)
		<-back
		return true
	})
	return c
}

// post has requests on a key carried out.
func (c *calls) post(l *law, key string, times int) {
	for range times {
		c.desk.post(&pending{store: patient, ask: l.newAsk(throttled.Request{Key: key, Cost: 1})})
		synctest.Wait() // so that they go in this order
	}
}

// sizes returns how many went in each call that is out.
func (c *calls) sizes() (sizes []int) {
	synctest.Wait()
	out := <-c.out
	for _, together := range out {
		sizes = append(sizes, len(together))
	}
	c.out <- out
	return sizes
}

// letBack has the first n calls that are out come back.
func (c *calls) letBack(n int) {
	for range n {
		synctest.Wait()
		out := <-c.out
		require.NotEmpty(c.t, out)
		back := c.back[out[0][0]]
		c.out <- out[1:]
		close(back)
	}
	synctest.Wait()
}

func repeat(value, times int) (all []int) {
	for range times {
		all = append(all, value)
	}
	return all
}

func TestAFewGoAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls(t, false)
		l := lawOfText(t, throttled.TokenBucket, "5/s")
		c.post(l, "k", fewCalls)
		assert.Equal(t, repeat(1, fewCalls), c.sizes())
		c.letBack(fewCalls)
		assert.Empty(t, c.sizes())
	})
}

func TestManyGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls(t, false)
		l := lawOfText(t, throttled.TokenBucket, "5/s")
		c.post(l, "k", fewCalls+70)
		assert.Equal(t, repeat(1, fewCalls), c.sizes(), "the others wait")
		c.letBack(1)
		assert.Equal(t, append(repeat(1, fewCalls-1), maxTogether), c.sizes())
		c.post(l, "k", 1)
		c.letBack(1)
		assert.Equal(t, append(repeat(1, fewCalls-2), maxTogether, 70+1-maxTogether), c.sizes())
		c.letBack(fewCalls)
		assert.Empty(t, c.sizes())
		c.post(l, "k", 1)
		assert.Equal(t, []int{1}, c.sizes(), "nobody waits, so it goes at once")
		c.letBack(1)
	})
}

// TestTimeRunsForThoseWhoWait, and only for them.
func TestTimeRunsForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls(t, false)
		l := lawOfText(t, throttled.TokenBucket, "5/s")
		for i := range fewCalls + 1 {
			p := &pending{store: patient, ask: l.newAsk(throttled.Request{Key: "k", Cost: 1})}
			c.desk.post(p)
			assert.Equal(t, i < fewCalls, p.since.IsZero())
			synctest.Wait()
		}
		c.letBack(fewCalls + 1)
	})
}

// TestFirstComeFirstSent follows the order of many through all of it.
func TestFirstComeFirstSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls(t, false)
		l := lawOfText(t, throttled.TokenBucket, "100000/s")
		const n = 500
		for i := range n {
			c.desk.post(&pending{store: patient, ask: l.newAsk(throttled.Request{Key: "k", Cost: int64(i + 1)})})
			synctest.Wait()
		}
		var costs []int64
		for len(costs) < n {
			out := <-c.out
			require.NotEmpty(t, out)
			for _, p := range out[0] {
				costs = append(costs, p.ask.cost)
			}
			c.out <- out
			c.letBack(1)
		}
		for i, cost := range costs {
			require.EqualValues(t, i+1, cost)
		}
	})
}

// TestOneSlotACall posts to many keys of a cluster, where a call may have keys
// of one slot only, and never of two kins.
func TestOneSlotACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCalls(t, true)
		one := lawOfText(t, throttled.TokenBucket, "5/s")
		two := lawOfText(t, throttled.TokenBucket, "5/s; 9/m")
		for i := range 200 {
			tag := "{" + strconv.Itoa(i%3) + "}"
			c.post(one, tag+strconv.Itoa(i), 1)
			c.post(two, tag, 1)
		}
		seen := 0
		for range 400 {
			out := <-c.out
			for _, together := range out[:min(1, len(out))] {
				for _, p := range together {
					require.Equal(t, slotOf(together[0].ask.key), slotOf(p.ask.key))
					require.Equal(t, together[0].ask.kin(), p.ask.kin())
				}
				seen += len(together)
			}
			c.out <- out
			if len(out) == 0 {
				break
			}
			c.letBack(1)
		}
		assert.Equal(t, 400, seen)
	})
}
