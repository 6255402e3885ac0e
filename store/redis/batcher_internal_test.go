package redis

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// arrivals are requests that a batcher is given.
type arrivals struct {
	batcher
	senders []*batchQueue
}

// push adds a request for a key.
func (a *arrivals) push(p *plan, key string, cost int64) {
	r := &request{req: throttled.Request{Key: key, Cost: cost}, state: queued}
	r.op = p.Operation(r.req)
	if q, send := a.batcher.push(r); send {
		a.senders = append(a.senders, q)
	}
}

// batch takes the requests that a sender sends together.
func (a *arrivals) batch(q *batchQueue) (together []*request) {
	for len(together) < maxBatch {
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
	p := planOf(t, "5/s")
	for range 3 * maxCalls {
		a.push(p, "k", 1)
	}
	assert.Len(t, a.senders, maxCalls, "the others go when a call is back")
}

// TestFewerCallsToRedisNearby: how many calls may be out, by how long the last one
// took and how many requests are left.
func TestFewerCallsToRedisNearby(t *testing.T) {
	for _, c := range []struct {
		name    string
		took    time.Duration
		waiting int
		want    int
	}{
		{"no call is back yet", 0, 0, maxCalls},
		{"near", nearby - 1, maxBatch - 1, nearCalls},
		{"near, but the batch is full", nearby - 1, maxBatch, maxCalls},
		{"far", nearby, 0, maxCalls},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := batchQueue{took: c.took, requests: make([]*request, c.waiting)}
			for q.out <= maxCalls && q.sendsMore() {
				q.out++
			}
			assert.Equal(t, c.want, q.out)
		})
	}
}

// TestQueueKnowsHowLongACallTook has calls take a while, and others come meanwhile.
func TestQueueKnowsHowLongACallTook(t *testing.T) {
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		takes := nearby - 1
		redis.answer = func(context.Context, []string) rueidis.RedisResult {
			time.Sleep(takes)
			return rueidis.NewErrorResult(errors.New("no answer"))
		}
		ask := func(want int) {
			before := len(redis.sent())
			for range maxCalls {
				submit(t.Context(), s, once(t, throttled.OpLimit))
			}
			require.Len(t, redis.sent(), before+want)
			time.Sleep(time.Second)
		}
		ask(maxCalls)
		takes = time.Millisecond
		ask(nearCalls)
		ask(maxCalls)
	})
}

// TestFirstComeFirstSent: many requests come and leave, and are sent in the order
// in which they came.
func TestFirstComeFirstSent(t *testing.T) {
	a := arrivals{batcher: newBatcher(false)}
	p := planOf(t, "100000/s")
	const n = 500
	for i := range n {
		a.push(p, "k", int64(i+1))
	}
	q := a.senders[0]
	var want, got []int64
	for i, r := range q.requests {
		if i%7 == 0 {
			r.state = done
		} else {
			want = append(want, r.req.Cost)
		}
	}
	for together := a.batch(q); together != nil; together = a.batch(q) {
		for _, r := range together {
			got = append(got, r.req.Cost)
		}
	}
	require.Equal(t, want, got)
}

// TestAQueueThatIsNeverEmpty: it does not grow.
func TestAQueueThatIsNeverEmpty(t *testing.T) {
	var q batchQueue
	for i := range 100_000 {
		q.add(&request{state: queued, ends: time.Duration(i)})
		if i >= 10 {
			require.EqualValues(t, i-10, q.pop().ends)
		}
	}
	assert.Less(t, cap(q.requests), 4*maxBatch)
}

// TestOneSlotACall: in a cluster, all keys of a call are of one slot, and all its
// operations of one kind.
func TestOneSlotACall(t *testing.T) {
	a := arrivals{batcher: newBatcher(true)}
	one, two := planOf(t, "5/s"), planOf(t, "5/s; 9/m")
	for i := range 200 {
		tag := "{" + strconv.Itoa(i%3) + "}"
		a.push(one, tag+strconv.Itoa(i), 1)
		a.push(two, tag, 1)
	}
	seen := 0
	for _, q := range a.senders {
		together := a.batch(q)
		for _, r := range together {
			require.Equal(t, together[0].op.Slot(), r.op.Slot())
			require.Equal(t, together[0].op.Kind(), r.op.Kind())
		}
		seen += len(together)
	}
	assert.Equal(t, 400, seen)
}
