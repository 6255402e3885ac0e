package redis

import (
	"hash/maphash"
	"slices"
	"sync"
)

// desk decides which requests go to Redis in one call. A few go each by itself and
// at once. Where many are about, those of a lane that come while a call is out
// are gathered and go together when it is back: Redis, whose one thread is the
// bound, then spends half as much on each, and the client much less.
type desk struct {
	clustered bool
	seed      maphash.Seed
	carry     func(together []*pending) // brings the answers to requests of one lane, on the goroutine it is called on
	few       int                       // calls of a lane that may be out at once, each with one request

	mu    sync.Mutex
	lanes map[laneName]*lane
}

const (
	// Below, nothing is gained by gathering.
	fewCalls = 16

	// More requests in a call hold other clients of the server for long: 64 take
	// some 160 µs where each has a key of its own.
	maxTogether = 64

	// Lanes of one kin beside each other, so that one call can be on its way
	// while another is answered. All requests of a key are in one lane, so no
	// two gathered calls are ever out for one key.
	stripes = 4

	// What is left when a call comes back is not worth to be gathered.
	handful = 4
)

// laneName tells which requests a call can carry together: those of one kin, and in
// a cluster of one slot.
type laneName struct {
	kin
	part uint16
}

// lane is the requests that could go together. Lanes are kept: there are at most a
// few hundred, in a cluster a few for each slot.
type lane struct {
	out       int  // calls that are out
	gathering bool // one of them was gathered
	waiting   []*pending
}

func newDesk(clustered bool, carry func([]*pending)) *desk {
	return &desk{
		clustered: clustered,
		seed:      maphash.MakeSeed(),
		carry:     carry,
		few:       fewCalls,
		lanes:     make(map[laneName]*lane),
	}
}

// post has p carried out. It never blocks.
func (d *desk) post(p *pending) {
	name := d.laneOf(&p.ask)
	d.mu.Lock()
	l := d.lanes[name]
	if l == nil {
		l = new(lane)
		d.lanes[name] = l
	}
	if l.gathering || l.out >= d.few {
		p.waits()
		l.waiting = append(l.waiting, p)
		d.mu.Unlock()
		return
	}
	l.out++
	d.mu.Unlock()
	go d.send(l, []*pending{p})
}

func (d *desk) laneOf(a *ask) laneName {
	if d.clustered {
		return laneName{a.kin(), slotOf(a.key)}
	}
	return laneName{a.kin(), uint16(maphash.String(d.seed, a.key) % stripes)}
}

// send carries requests of l, and then what has gathered meanwhile.
func (d *desk) send(l *lane, together []*pending) {
	gathered := false
	for len(together) > 0 {
		d.carry(together)
		together, gathered = d.next(l, gathered)
	}
}

// next returns the requests that go now that a call has come back: none if there
// are none, or a gathered call is still out, which will see to them.
func (d *desk) next(l *lane, gathered bool) (together []*pending, gather bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.out--
	if gathered {
		l.gathering = false
	}
	if l.gathering || len(l.waiting) == 0 {
		return nil, false
	}
	together = l.take()
	if len(together) <= handful && l.out+len(together) <= d.few {
		l.out += len(together)
		for _, p := range together[1:] {
			go d.send(l, []*pending{p})
		}
		return together[:1], false
	}
	l.out++
	l.gathering = true
	return together, true
}

// take returns the first of those who wait, as many as may go together.
func (l *lane) take() []*pending {
	n := min(len(l.waiting), maxTogether)
	first := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return first
}
