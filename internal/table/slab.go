package table

import (
	"strings"

	"github.com/throttled-go/throttled"
)

// words is what a decision reads and writes of a bucket: the state of any one rate,
// or of two of all but SlidingWindow, and a short key behind shortWords.
type words [inlineWords]int64

const inlineWords = 4

// rest is what buckets of short keys do not have while nobody waits there.
type rest struct {
	key  string // a copy of its own, where it is not short
	rare *rare
}

// rare is what few buckets have.
type rare struct {
	state    []int64   // where inlineWords are too few
	waitlist *waitlist // those who wait, nil if nobody does
}

// slab holds the buckets, in chunks that never move and are made as they are needed,
// their order of use and their expiry. Places are counted from 1; 0 stands for none.
//
// The parts of a bucket stand in an array each, so that those which every decision
// needs take as few cache lines as they can, and hold no pointers but one.
type slab struct {
	chunks   []chunk
	head     chunk // the first of chunks, found without looking for it
	recency  recency
	expiry   expiry
	capacity int
	used     int   // places handed out so far, 0 among them
	freed    int   // how many of them are free again
	unused   int32 // first of those, tied by their older link
}

type chunk struct {
	words []words
	plans []*throttled.Plan
	rests []rest // nil until a bucket has one
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

func newSlab(capacity int) slab {
	return slab{
		chunks:   make([]chunk, 0, capacity/chunkSize+1),
		recency:  newRecency(capacity),
		expiry:   newExpiry(capacity),
		capacity: capacity,
		used:     1,
	}
}

// words returns what a decision needs of the bucket in a place.
func (s *slab) words(ref int32) *words {
	if int(ref) < len(s.head.words) {
		return &s.head.words[ref]
	}
	return &s.chunks[ref>>chunkBits].words[ref&(chunkSize-1)]
}

// plan returns the plan of the bucket in a place.
func (s *slab) plan(ref int32) *throttled.Plan {
	if int(ref) < len(s.head.plans) {
		return s.head.plans[ref]
	}
	return s.chunks[ref>>chunkBits].plans[ref&(chunkSize-1)]
}

// rest returns what else the bucket in a place has, nil if there is nothing.
func (s *slab) rest(ref int32) *rest {
	if int(ref) < len(s.head.rests) {
		return &s.head.rests[ref]
	}
	if rests := s.chunks[ref>>chunkBits].rests; rests != nil {
		return &rests[ref&(chunkSize-1)]
	}
	return nil
}

// needRest returns what else the bucket in a place has, where something is to be put.
func (s *slab) needRest(ref int32) *rest {
	c := &s.chunks[ref>>chunkBits]
	if c.rests == nil {
		c.rests = make([]rest, len(c.words))
		s.head = s.chunks[0]
	}
	return &c.rests[ref&(chunkSize-1)]
}

// holds reports whether plan is that of the bucket in a place.
func (s *slab) holds(ref int32, plan *throttled.Plan) bool {
	held := s.plan(ref)
	return held == plan || held.Name() == plan.Name()
}

// state returns the state of the bucket in a place. It stays where it is.
func (s *slab) state(ref int32) []int64 {
	if r := s.rest(ref); r != nil && r.rare != nil && r.rare.state != nil {
		return r.rare.state
	}
	return s.words(ref)[:s.plan(ref).Words()]
}

// waitlist returns the waitlist of the bucket in a place, nil while nobody waits.
func (s *slab) waitlist(ref int32) *waitlist {
	if r := s.rest(ref); r != nil && r.rare != nil {
		return r.rare.waitlist
	}
	return nil
}

// setWaitlist gives the bucket in a place a waitlist, or takes it away.
func (s *slab) setWaitlist(ref int32, l *waitlist) {
	r := s.needRest(ref)
	switch {
	case l != nil && r.rare == nil:
		r.rare = &rare{waitlist: l}
	case l == nil && r.rare.state == nil:
		r.rare = nil
	default:
		r.rare.waitlist = l
	}
}

// hold puts a fresh bucket in a place that is empty.
func (s *slab) hold(ref int32, plan *throttled.Plan, key string) {
	s.chunks[ref>>chunkBits].plans[ref&(chunkSize-1)] = plan
	if short(plan, key) {
		lo, hi := pack(key)
		w := s.words(ref)
		w[shortWords], w[shortWords+1] = int64(lo), int64(hi)
		return
	}
	r := s.needRest(ref)
	r.key = strings.Clone(key)
	if n := plan.Words(); n > inlineWords {
		r.rare = &rare{state: make([]int64, n)}
	}
}

// empty empties a place.
func (s *slab) empty(ref int32) {
	*s.words(ref) = words{}
	s.chunks[ref>>chunkBits].plans[ref&(chunkSize-1)] = nil
	if r := s.rest(ref); r != nil {
		*r = rest{}
	}
}

// take returns a place that is free, or 0 if there is none.
func (s *slab) take() int32 {
	if ref := s.unused; ref != 0 {
		s.unused = s.recency[ref].older
		s.freed--
		return ref
	}
	if s.used > s.capacity {
		return 0
	}
	if made := len(s.chunks) * chunkSize; s.used >= made {
		room := min(chunkSize, s.capacity+1-made)
		s.chunks = append(s.chunks, chunk{words: make([]words, room), plans: make([]*throttled.Plan, room)})
		s.head = s.chunks[0]
	}
	s.expiry.cover(int32(s.used))
	s.used++
	return int32(s.used - 1)
}

// free gives a place back that is empty. It is in no order any more.
func (s *slab) free(ref int32) {
	s.recency[ref].older, s.unused = s.unused, ref
	s.freed++
}

// size returns how many places are held.
func (s *slab) size() int { return s.used - 1 - s.freed }
