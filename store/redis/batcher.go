package redis

import (
	"time"

	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// batcher decides which requests go to Redis in one call: those in a queue when a
// call sets out. While a few calls are out, requests queue until the first of them
// is back. Redis, whose one thread is the bound, then spends half as much on each,
// and the client much less.
//
// It is guarded by the mutex of the store.
type batcher struct {
	clustered bool
	queues    map[queueName]*batchQueue
}

const (
	// maxCalls is how many calls of a queue may be out at once: enough that one
	// who comes hardly waits for a call to be back, also where Redis is far away.
	// With more of them less is gathered.
	maxCalls = 4

	// nearCalls is how many may be out where Redis is near, which is where a call
	// is back within nearby. There a call costs the processors more than waiting
	// for one costs those who come. A full batch gains nothing by waiting.
	nearCalls = 2
	nearby    = 500 * time.Microsecond

	// maxBatch bounds a call, which keeps other clients of the server waiting: 64
	// requests take some 160 µs where each has a key of its own.
	maxBatch = 64
)

// queueName says which requests one call can carry: those of one kind, and in a
// cluster of one slot.
type queueName struct {
	script.Kind
	slot uint16
}

// batchQueue is the requests that could go together. Queues are kept: there are
// at most a few dozen, in a cluster a few for each slot.
type batchQueue struct {
	out      int // calls that are out and in time, or about to be
	requests []*request
	next     int           // index of the first in requests that was not popped
	last     int           // how many requests went in the last batch
	took     time.Duration // by the last call that is back; 0 before the first
}

// sendsMore reports whether another call may be out.
func (q *batchQueue) sendsMore() bool {
	if q.out < nearCalls {
		return true
	}
	near := 0 < q.took && q.took < nearby
	return q.out < maxCalls && (!near || q.waiting() >= maxBatch)
}

// waiting returns how many requests are left, of which some may have ended.
func (q *batchQueue) waiting() int { return len(q.requests) - q.next }

// batch is the requests of one call.
type batch struct {
	queue    *batchQueue // nil for a trial
	requests []*request
	sent     time.Duration // when, on the clock of the store
	late     bool          // the time of one of them is up
	expired  chan struct{} // closed then
}

// newBatch returns a batch for as many requests.
func newBatch(q *batchQueue, size int) *batch {
	return &batch{queue: q, requests: make([]*request, 0, size), expired: make(chan struct{})}
}

func newBatcher(clustered bool) batcher {
	return batcher{clustered: clustered, queues: make(map[queueName]*batchQueue)}
}

// push adds r to its queue. With send, the caller must start a goroutine that
// sends from it.
func (b *batcher) push(r *request) (q *batchQueue, send bool) {
	name := queueName{Kind: r.op.Kind()}
	if b.clustered {
		name.slot = r.op.Slot()
	}
	q = b.queues[name]
	if q == nil {
		q = new(batchQueue)
		b.queues[name] = q
	}
	q.add(r)
	if !q.sendsMore() {
		return q, false
	}
	q.out++
	return q, true
}

// add adds r as the last. Where half of the slice or more was popped, the rest
// moves to its front.
func (q *batchQueue) add(r *request) {
	if q.next >= maxBatch && q.next >= q.waiting() {
		n := copy(q.requests, q.requests[q.next:])
		clear(q.requests[n:])
		q.requests, q.next = q.requests[:n], 0
	}
	q.requests = append(q.requests, r)
}

// pop takes the first request that is still queued, or returns nil.
func (q *batchQueue) pop() *request {
	for q.next < len(q.requests) {
		r := q.requests[q.next]
		q.requests[q.next] = nil
		q.next++
		if r.state == queued {
			return r
		}
	}
	q.requests, q.next = q.requests[:0], 0
	return nil
}

// send makes r one of b.
func (b *batch) send(r *request) {
	r.state, r.batch = sent, b
	b.requests = append(b.requests, r)
}

// expire ends the call of b, which is late, and reports whether its queue needs
// another sender for that.
func (b *batch) expire() bool {
	if b.late {
		return false
	}
	b.late = true
	close(b.expired)
	return b.queue != nil
}
