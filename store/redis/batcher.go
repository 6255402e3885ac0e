package redis

import "github.com/throttled-go/throttled/store/redis/internal/script"

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
}

// batch is the requests of one call.
type batch struct {
	queue    *batchQueue // nil for a trial
	requests []*request
	late     bool // the time of one of them is up
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
	q.requests = append(q.requests, r)
	if q.out == maxCalls {
		return q, false
	}
	q.out++
	return q, true
}

// pop takes the first request that is still queued, or returns nil.
func (q *batchQueue) pop() *request {
	for len(q.requests) > 0 {
		r := q.requests[0]
		q.requests[0] = nil
		q.requests = q.requests[1:]
		if r.state == queued {
			return r
		}
	}
	return nil
}

// send makes r one of b.
func (b *batch) send(r *request) {
	r.state, r.batch = sent, b
	b.requests = append(b.requests, r)
}

// expire marks b as late, and reports whether its queue needs another sender for
// that.
func (b *batch) expire() bool {
	if b.late {
		return false
	}
	b.late = true
	return b.queue != nil
}
