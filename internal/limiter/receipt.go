package limiter

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
)

// Receipt holds what a call with hooks was charged. That is not always what was
// asked for: a hook may have changed the key or the cost, called next more than
// once or not at all, or may have gone without waiting for it. It is safe for
// concurrent use.
type Receipt struct {
	marker charge.Marker // the store; nil where it cannot give a charge back

	mu       sync.Mutex
	charges  []*charge.Mark
	denial   throttled.Result // the last that the store made
	returned bool
}

type receiptKey struct{}

// WithReceipt returns a context for a call with hooks, and what the call is
// charged. A hook that goes on with a context of another descent leaves the
// receipt empty.
func (l *Limiter) WithReceipt(ctx context.Context) (context.Context, *Receipt) {
	receipt := &Receipt{marker: charge.MarkerOf(l.store)}
	return context.WithValue(ctx, receiptKey{}, receipt), receipt
}

// GiveBack gives back what the call was charged, and what it will yet be: a hook
// may have gone while its next is still on its way.
func (r *Receipt) GiveBack() {
	r.mu.Lock()
	charges := r.charges
	r.charges, r.returned = nil, true
	r.mu.Unlock()
	for _, mark := range charges {
		_ = r.marker.GiveBack(mark) // a closed store has nothing left to give back to
	}
}

// Denied reports whether res is a denial that the store made, and no hook.
func (r *Receipt) Denied(res throttled.Result) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !res.Allowed && res == r.denial && res.Checked()
}

// carryOut carries out a decision of the call.
func (r *Receipt) carryOut(ctx context.Context, store throttled.Store, req throttled.Request) (throttled.Result, error) {
	if r.marker == nil {
		res, err := store.Do(ctx, req)
		r.note(res, err, nil)
		return res, err
	}
	type answer struct {
		res throttled.Result
		err error
	}
	answered := make(chan answer, 1)
	mark := new(charge.Mark)
	r.marker.SubmitMarked(ctx, req, mark, func(res throttled.Result, err error) { answered <- answer{res, err} })
	a := <-answered
	r.note(a.res, a.err, mark)
	return a.res, a.err
}

// note keeps what a decision says. A charge that comes after all was given back
// is given back too.
func (r *Receipt) note(res throttled.Result, err error, mark *charge.Mark) {
	r.mu.Lock()
	returned := r.returned
	switch {
	case err == nil && !res.Allowed:
		r.denial = res
	case mark != nil && !returned:
		r.charges = append(r.charges, mark)
	}
	r.mu.Unlock()
	if mark != nil && returned {
		_ = r.marker.GiveBack(mark) // a closed store has nothing left to give back to
	}
}
