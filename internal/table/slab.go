package table

import (
	"strings"

	"github.com/throttled-go/throttled"
)

// entry is one bucket in the table. It has 64 bytes, one cache line.
type entry struct {
	plan   *throttled.Plan
	key    string // a copy of its own; "" where it is short and lies behind the state
	inline [inlineWords]int64
	rare   *rare
}

// inlineWords has room for any one rate, for two of all but SlidingWindow, and
// for a short key behind shortWords.
const inlineWords = 4

// rare is what few buckets have.
type rare struct {
	words    []int64   // the state, where inlineWords are too few
	waitlist *waitlist // those who wait, nil if nobody does
}

// hold makes e a fresh bucket.
func (e *entry) hold(plan *throttled.Plan, key string) {
	*e = entry{plan: plan}
	if short(plan, key) {
		lo, hi := pack(key)
		e.inline[shortWords], e.inline[shortWords+1] = int64(lo), int64(hi)
		return
	}
	e.key = strings.Clone(key)
	if words := plan.Words(); words > inlineWords {
		e.rare = &rare{words: make([]int64, words)}
	}
}

// holdsShort reports whether e is the bucket of a short key, given as packed. A long
// key of such a plan has zeros there, which are no key.
func (e *entry) holdsShort(plan *throttled.Plan, lo, hi uint64) bool {
	return e.inline[shortWords] == int64(lo) && e.inline[shortWords+1] == int64(hi) && e.of(plan)
}

// holdsLong reports whether e is the bucket of a key that is not short.
func (e *entry) holdsLong(plan *throttled.Plan, key string) bool { return e.key == key && e.of(plan) }

// of reports whether e is a bucket of plan.
func (e *entry) of(plan *throttled.Plan) bool { return e.plan == plan || e.plan.Name() == plan.Name() }

// state returns the words of e, which stay where they are while it is held.
func (e *entry) state() []int64 {
	if e.rare != nil && e.rare.words != nil {
		return e.rare.words
	}
	return e.inline[:e.plan.Words()]
}

// waitlist returns the waitlist of e, nil while nobody waits at it.
func (e *entry) waitlist() *waitlist {
	if e.rare == nil {
		return nil
	}
	return e.rare.waitlist
}

// slab holds the entries, in chunks that never move and are made as they are
// needed, their order of use and their expiry. Places are counted from 1; 0
// stands for none.
type slab struct {
	chunks   [][]entry
	head     []entry // the first of chunks, found without looking for it
	recency  recency
	expiry   expiry
	capacity int
	used     int   // places handed out so far, 0 among them
	freed    int   // how many of them are free again
	unused   int32 // first of those, tied by their older link
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

func newSlab(capacity int) slab {
	return slab{
		chunks:   make([][]entry, 0, capacity/chunkSize+1),
		recency:  newRecency(capacity),
		expiry:   newExpiry(capacity),
		capacity: capacity,
		used:     1,
	}
}

// at returns the entry in a place.
func (s *slab) at(ref int32) *entry {
	if int(ref) < len(s.head) {
		return &s.head[ref]
	}
	return &s.chunks[ref>>chunkBits][ref&(chunkSize-1)]
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
		s.chunks = append(s.chunks, make([]entry, min(chunkSize, s.capacity+1-made)))
		s.head = s.chunks[0]
	}
	s.expiry.cover(int32(s.used))
	s.used++
	return int32(s.used - 1)
}

// free gives a place back. It is in no order any more.
func (s *slab) free(ref int32) {
	*s.at(ref) = entry{}
	s.recency[ref].older, s.unused = s.unused, ref
	s.freed++
}

// size returns how many places are held.
func (s *slab) size() int { return s.used - 1 - s.freed }
