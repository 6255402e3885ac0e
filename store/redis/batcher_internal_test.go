package redis

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// arrivals are requests that a batcher is given.
type arrivals struct {
	batcher
	senders []*batchQueue
}

// push has a request come to a key.
func (a *arrivals) push(l *law, key string, cost int64) {
	r := &request{ask: l.newAsk(throttled.Request{Key: key, Cost: cost}), state: queued}
	if q, send := a.batcher.push(r); send {
		a.senders = append(a.senders, q)
	}
}

// batch returns what a sender sends.
func (a *arrivals) batch(q *batchQueue) (together []*request) {
	for len(together) < maxTogether {
		r := q.pop()
		if r == nil {
			return together
		}
		together = append(together, r)
	}
	return together
}

func TestAFewAreSentByThemselves(t *testing.T) {
	a := arrivals{batcher: newBatcher(false)}
	l := lawOfText(t, throttled.TokenBucket, "5/s")
	for range 3 * fewCalls {
		a.push(l, "k", 1)
	}
	assert.Len(t, a.senders, fewCalls, "the others go when a call is back")
}

// TestFirstComeFirstSent follows the order of many who come and leave.
func TestFirstComeFirstSent(t *testing.T) {
	a := arrivals{batcher: newBatcher(false)}
	l := lawOfText(t, throttled.TokenBucket, "100000/s")
	const n = 500
	for i := range n {
		a.push(l, "k", int64(i+1))
	}
	q := a.senders[0]
	var want, got []int64
	for i, r := range q.requests {
		if i%7 == 0 {
			r.state = done
		} else {
			want = append(want, r.ask.cost)
		}
	}
	for together := a.batch(q); together != nil; together = a.batch(q) {
		for _, r := range together {
			got = append(got, r.ask.cost)
		}
	}
	require.Equal(t, want, got)
}

// TestOneSlotACall has requests come to many keys of a cluster, where a call may
// have keys of one slot only, and never of two kins.
func TestOneSlotACall(t *testing.T) {
	a := arrivals{batcher: newBatcher(true)}
	one, two := lawOfText(t, throttled.TokenBucket, "5/s"), lawOfText(t, throttled.TokenBucket, "5/s; 9/m")
	for i := range 200 {
		tag := "{" + strconv.Itoa(i%3) + "}"
		a.push(one, tag+strconv.Itoa(i), 1)
		a.push(two, tag, 1)
	}
	seen := 0
	for _, q := range a.senders {
		together := a.batch(q)
		for _, r := range together {
			require.Equal(t, slotOf(together[0].ask.key), slotOf(r.ask.key))
			require.Equal(t, together[0].ask.kin(), r.ask.kin())
		}
		seen += len(together)
	}
	assert.Equal(t, 400, seen)
}
