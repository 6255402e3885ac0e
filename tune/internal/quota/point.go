package quota

import (
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Point is what came of one quota under one algorithm.
type Point struct {
	Quota     throttled.Quota
	Algorithm throttled.Algorithm

	// What was denied to good clients.
	GoodClients  int // with at least one denial
	GoodRequests int64
	// Others counts the other clients with at least one denial.
	Others int

	// Backend is the greatest cost that passed of all clients together in any
	// span: a second, and a minute.
	Second, Minute int64

	Frontier bool // no other point is better in one thing and as good in the other
}

// replayer works out points. It is not safe for concurrent use.
type replayer struct {
	workload *workload.Workload
	good     Good
	allowed  []bool
	states   []int64
	denied   []bool // of each key
}

func newReplayer(w *workload.Workload, good Good) *replayer {
	return &replayer{workload: w, good: good, allowed: make([]bool, len(w.Requests)), denied: make([]bool, len(w.Keys))}
}

// point replays the workload by the library's own transitions, with a state for
// every client.
func (r *replayer) point(quota throttled.Quota, algorithm throttled.Algorithm) (Point, error) {
	p := Point{Quota: quota, Algorithm: algorithm}
	plan, err := throttled.Config{Quota: quota, Algorithm: algorithm}.Plan()
	if err != nil {
		return p, err
	}
	words := plan.Words()
	if need := words * len(r.workload.Keys); need > len(r.states) {
		r.states = make([]int64, need)
	}
	clear(r.states)
	clear(r.denied)
	for i := range r.workload.Requests {
		q := &r.workload.Requests[i]
		at := int(q.Key) * words
		res, _ := plan.Limit(r.states[at:at+words], q.At, q.Cost)
		if r.allowed[i] = res.Allowed; !res.Allowed {
			r.denied[q.Key] = true
			if r.good.Is[q.Key] {
				p.GoodRequests++
			}
		}
	}
	for key, denied := range r.denied {
		switch {
		case denied && r.good.Is[key]:
			p.GoodClients++
		case denied:
			p.Others++
		}
	}
	passed := func(i int) bool { return r.allowed[i] }
	p.Second = replay.Greatest(r.workload, time.Second, passed)
	p.Minute = replay.Greatest(r.workload, time.Minute, passed)
	return p, nil
}
