package redis

// requestList is a list of requests. A request is in one list at most.
type requestList struct {
	first, last *request
}

// push adds r, which must be in no list, as the last.
func (l *requestList) push(r *request) {
	r.list, r.prev, r.next = l, l.last, nil
	if l.last == nil {
		l.first = r
	} else {
		l.last.next = r
	}
	l.last = r
}

// remove takes r out of the list that it is in, and reports whether it was in
// one.
func (r *request) remove() bool {
	l := r.list
	if l == nil {
		return false
	}
	if r.prev == nil {
		l.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		l.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.list, r.prev, r.next = nil, nil, nil
	return true
}
