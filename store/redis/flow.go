package redis

// flow limits how many requests are in flight: queued, sent or left. More of them
// are accepted, but their Submit blocks.
//
// It is guarded by the mutex of the store.
type flow struct {
	inFlight int
	blocking int        // how many Submits do not return
	blocked  []*request // theirs, and some that have ended, in their order
}

// maxInFlight is how many requests are in flight before Submit blocks.
const maxInFlight = 1024

// enter counts r as in flight.
func (f *flow) enter(r *request) {
	f.inFlight++
	if r.done != nil && f.inFlight > maxInFlight {
		r.admitted = make(chan struct{})
		f.blocked = append(f.blocked, r)
		f.blocking++
	}
}

// leave counts r as in flight no more, and lets as many Submits return.
func (f *flow) leave(r *request) {
	f.inFlight--
	f.admit(r)
	for f.blocking > max(0, f.inFlight-maxInFlight) {
		f.admit(f.blocked[0])
		f.blocked = f.blocked[1:]
	}
	if f.blocking == 0 {
		f.blocked = nil
	}
}

// admit lets the Submit of r return, if it has not.
func (f *flow) admit(r *request) {
	if r.admitted != nil {
		close(r.admitted)
		r.admitted = nil
		f.blocking--
	}
}
