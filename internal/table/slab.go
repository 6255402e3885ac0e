package table

import "github.com/throttled-go/throttled"

// entry is one bucket in the table.
type entry struct {
	plan   *throttled.Plan
	key    []byte // a copy of its own; the array is used again by the next bucket in this place
	inline [inlineWords]int64
	rare   *rare

	newer, older int32 // neighbours in the order of use, or in the list of free places
	tag          uint32
}

// inlineWords has room for any one rate, and for two of all but SlidingWindow.
const inlineWords = 4

// rare is what few buckets have.
type rare struct {
	words []int64 // the state, where inlineWords are too few
	bay   *bay    // those who wait, nil if nobody does
}

// hold makes e the fresh bucket of req.
func (e *entry) hold(req *throttled.Request, tag uint32) {
	e.plan, e.tag, e.rare = req.Plan, tag, nil
	if 4*len(req.Key)+64 < cap(e.key) {
		e.key = nil // one long key is no reason to keep its room for ever
	}
	e.key = append(e.key[:0], req.Key...)
	if words := req.Plan.Words(); words > inlineWords {
		e.rare = &rare{words: make([]int64, words)}
	}
}

// is reports whether e is the bucket of req.
func (e *entry) is(req *throttled.Request) bool {
	return string(e.key) == req.Key && (e.plan == req.Plan || e.plan.Name() == req.Plan.Name())
}

// state returns the words of e, which stay where they are while it is held.
func (e *entry) state() []int64 {
	if e.rare != nil && e.rare.words != nil {
		return e.rare.words
	}
	return e.inline[:]
}

// bay returns the bay of e, nil while nobody waits at it.
func (e *entry) bay() *bay {
	if e.rare == nil {
		return nil
	}
	return e.rare.bay
}

// slab holds the entries in chunks that never move and are made as they are
// needed. Places are counted from 1; 0 stands for none.
type slab struct {
	chunks   [][]entry
	expiry   expiry
	capacity int
	used     int   // places handed out so far, 0 among them
	freed    int   // how many of them are free again
	unused   int32 // first of those, tied by older

	newest, oldest int32 // ends of the order of use
}

const (
	chunkBits = 10
	chunkSize = 1 << chunkBits
)

func newSlab(capacity int) slab {
	return slab{
		chunks:   make([][]entry, 0, capacity/chunkSize+1),
		expiry:   newExpiry(capacity),
		capacity: capacity,
		used:     1,
	}
}

// at returns the entry in a place.
func (s *slab) at(ref int32) *entry {
	return &s.chunks[ref>>chunkBits][ref&(chunkSize-1)]
}

// take returns a place that is free, or 0 if there is none.
func (s *slab) take() int32 {
	if ref := s.unused; ref != 0 {
		s.unused = s.at(ref).older
		s.freed--
		return ref
	}
	if s.used > s.capacity {
		return 0
	}
	if made := len(s.chunks) * chunkSize; s.used >= made {
		places := min(chunkSize, s.capacity+1-made)
		s.chunks = append(s.chunks, make([]entry, places))
		s.expiry.grow(places)
	}
	s.used++
	return int32(s.used - 1)
}

// free gives a place back.
func (s *slab) free(ref int32) {
	e := s.at(ref)
	e.plan, e.rare = nil, nil
	e.older, s.unused = s.unused, ref
	s.freed++
}

// size returns how many places are held.
func (s *slab) size() int { return s.used - 1 - s.freed }

// link makes ref, which holds e, the newest in the order of use.
func (s *slab) link(ref int32, e *entry) {
	e.newer, e.older = 0, s.newest
	if s.newest == 0 {
		s.oldest = ref
	} else {
		s.at(s.newest).newer = ref
	}
	s.newest = ref
}

// unlink takes e out of the order of use.
func (s *slab) unlink(e *entry) {
	if e.newer == 0 {
		s.newest = e.older
	} else {
		s.at(e.newer).older = e.older
	}
	if e.older == 0 {
		s.oldest = e.newer
	} else {
		s.at(e.older).newer = e.newer
	}
}

// use makes ref, which holds e, the newest in the order of use.
func (s *slab) use(ref int32, e *entry) {
	s.unlink(e)
	s.link(ref, e)
}
