package table

// recency is the order of use of the places: a ring through them, from the one
// used last to the one not used for the longest time, closed by place 0, which
// no bucket has. The links stand apart from the rest, so that a hit which
// moves its bucket to the front reads nothing else of its neighbours.
type recency []link

// link has the neighbours of a place.
type link struct {
	newer, older int32
}

func newRecency(capacity int) recency { return make(recency, capacity+1) }

// newest returns the place used last, 0 if there is none.
func (r recency) newest() int32 { return r[0].older }

// oldest returns the place not used for the longest time, 0 if there is none.
func (r recency) oldest() int32 { return r[0].newer }

// add makes ref, which is not in the order, the newest.
func (r recency) add(ref int32) {
	before := r[0].older
	r[ref] = link{older: before}
	r[before].newer = ref
	r[0].older = ref
}

// remove takes ref out of the order.
func (r recency) remove(ref int32) {
	l := r[ref]
	r[l.newer].older = l.older
	r[l.older].newer = l.newer
}

// use makes ref, which is in the order, the newest.
func (r recency) use(ref int32) {
	r.remove(ref)
	r.add(ref)
}
