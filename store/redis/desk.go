package redis

import (
	"runtime"
	"slices"
	"sync"
)

// desk decides which requests go to Redis in one call: those of a lane that are
// there when a call sets out, and while a few calls are out those that come
// until the first of them is back. Redis, whose one thread is the bound, then
// spends half as much on each, and the client much less.
type desk struct {
	clustered bool
	few       int // calls of a lane that may be out at once

	// carry brings the answers to requests of one lane, on the goroutine it is
	// called on. When their time is up it calls relieve, and returns false when
	// the call is back at last.
	carry func(together []*pending, relieve func()) bool

	mu    sync.Mutex
	lanes map[laneName]*lane
}

const (
	// Enough that one who comes hardly waits for a call to be back, also where
	// the way to Redis is long. With more of them less is gathered.
	fewCalls = 4

	// More requests in a call hold other clients of the server for long: 64 take
	// some 160 µs where each has a key of its own.
	maxTogether = 64
)

// laneName tells which requests a call can carry together: those of one kin, and in
// a cluster of one slot.
type laneName struct {
	kin
	slot uint16
}

// lane is the requests that could go together. Lanes are kept: there are at most a
// few dozen, in a cluster a few for each slot.
type lane struct {
	out     int // calls that are out, or about to be
	waiting []*pending
}

func newDesk(clustered bool, carry func(together []*pending, relieve func()) bool) *desk {
	return &desk{
		clustered: clustered,
		carry:     carry,
		few:       fewCalls,
		lanes:     make(map[laneName]*lane),
	}
}

// post has p carried out. It never blocks.
func (d *desk) post(p *pending) {
	name := d.laneOf(&p.ask)
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lanes[name]
	if l == nil {
		l = new(lane)
		d.lanes[name] = l
	}
	l.waiting = append(l.waiting, p)
	if l.out == d.few {
		p.waits()
		return
	}
	l.out++
	go d.send(l)
}

func (d *desk) laneOf(a *ask) laneName {
	if d.clustered {
		return laneName{a.kin(), slotOf(a.key)}
	}
	return laneName{kin: a.kin()}
}

// send carries requests of l until none waits. Before each call it lets those
// run who are ready to: callers who were all answered by one call often ask
// again, and then go together again. If a call takes too long, another sender
// goes on in its place.
func (d *desk) send(l *lane) {
	for {
		runtime.Gosched()
		together := d.next(l)
		if together == nil || !d.carry(together, func() { go d.send(l) }) {
			return
		}
	}
}

// next returns the requests that go now, or none, and then the sender is done.
func (d *desk) next(l *lane) []*pending {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(l.waiting) == 0 {
		l.out--
		return nil
	}
	return l.take()
}

// take returns the first of those who wait, as many as may go together.
func (l *lane) take() []*pending {
	n := min(len(l.waiting), maxTogether)
	first := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return first
}
