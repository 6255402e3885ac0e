package table

// recency is the order of use of the places: a list through them, from the one
// used last to the one not used for the longest time. The links stand apart
// from the entries, so that a hit which moves its bucket to the front reads no
// entry of a neighbour.
type recency struct {
	chunks         [][]link
	newest, oldest int32
}

// link has the neighbours of a place, 0 where there is none.
type link struct {
	newer, older int32
}

func newRecency(capacity int) recency {
	return recency{chunks: make([][]link, 0, capacity/chunkSize+1)}
}

// grow adds a chunk of places.
func (r *recency) grow(places int) { r.chunks = append(r.chunks, make([]link, places)) }

func (r *recency) at(ref int32) *link { return &r.chunks[ref>>chunkBits][ref&(chunkSize-1)] }

// add makes ref, which is not in the order, the newest.
func (r *recency) add(ref int32) {
	*r.at(ref) = link{older: r.newest}
	if r.newest == 0 {
		r.oldest = ref
	} else {
		r.at(r.newest).newer = ref
	}
	r.newest = ref
}

// remove takes ref out of the order.
func (r *recency) remove(ref int32) {
	l := *r.at(ref)
	if l.newer == 0 {
		r.newest = l.older
	} else {
		r.at(l.newer).older = l.older
	}
	if l.older == 0 {
		r.oldest = l.newer
	} else {
		r.at(l.older).newer = l.newer
	}
}

// use makes ref, which is in the order, the newest.
func (r *recency) use(ref int32) {
	if ref != r.newest {
		r.remove(ref)
		r.add(ref)
	}
}
