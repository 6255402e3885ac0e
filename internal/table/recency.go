package table

// recency is the order of use of the places: a list through them, from the one
// used last to the one not used for the longest time. The links stand apart
// from the entries, so that a hit which moves its bucket to the front reads no
// entry of a neighbour.
type recency struct {
	links          []link // of each place
	newest, oldest int32
}

// link has the neighbours of a place, 0 where there is none.
type link struct {
	newer, older int32
}

func newRecency(capacity int) recency { return recency{links: make([]link, capacity+1)} }

// add makes ref, which is not in the order, the newest.
func (r *recency) add(ref int32) {
	r.links[ref] = link{older: r.newest}
	if r.newest == 0 {
		r.oldest = ref
	} else {
		r.links[r.newest].newer = ref
	}
	r.newest = ref
}

// remove takes ref out of the order.
func (r *recency) remove(ref int32) {
	l := r.links[ref]
	if l.newer == 0 {
		r.newest = l.older
	} else {
		r.links[l.newer].older = l.older
	}
	if l.older == 0 {
		r.oldest = l.newer
	} else {
		r.links[l.older].newer = l.newer
	}
}

// use makes ref, which is in the order and not the newest, the newest.
func (r *recency) use(ref int32) {
	r.remove(ref)
	r.add(ref)
}
