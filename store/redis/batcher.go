package redis

// batcher decides which requests go to Redis in one call: those of a queue that
// are there when a call sets out, and while a few calls are out those that come
// until the first of them is back. Redis, whose one thread is the bound, then
// spends half as much on each, and the client much less.
//
// It is guarded by the mutex of the store.
type batcher struct {
	clustered bool
	queues    map[queueName]*batchQueue
}

const (
	// fewCalls is how many calls of a queue may be out at once: enough that one
	// who comes hardly waits for a call to be back, also where the way to Redis
	// is long. With more of them less is gathered.
	fewCalls = 4

	// maxTogether bounds a call, which holds other clients of the server: 64
	// requests take some 160 µs where each has a key of its own.
	maxTogether = 64
)

// queueName tells which requests a call can carry together: those of one kin,
// and in a cluster of one slot.
type queueName struct {
	kin
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
	queue    *batchQueue // nil if it goes alone
	requests []*request
	late     bool // the time of one of them is up, and the call is not back
}

// relieve marks b as late, and returns the queue that needs another sender, if one
// does.
func (b *batch) relieve() []*batchQueue {
	if b.late || b.queue == nil {
		return nil
	}
	b.late = true
	return []*batchQueue{b.queue}
}

func newBatcher(clustered bool) batcher {
	return batcher{clustered: clustered, queues: make(map[queueName]*batchQueue)}
}

// push adds r to its queue, which is returned with send set if a goroutine is to
// be started that sends from it.
func (b *batcher) push(r *request) (q *batchQueue, send bool) {
	name := queueName{kin: r.ask.kin()}
	if b.clustered {
		name.slot = slotOf(r.ask.key)
	}
	q = b.queues[name]
	if q == nil {
		q = new(batchQueue)
		b.queues[name] = q
	}
	q.requests = append(q.requests, r)
	if q.out == fewCalls {
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
