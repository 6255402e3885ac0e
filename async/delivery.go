package async

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/handover"
	"github.com/throttled-go/throttled/internal/limiter"
)

// delivery takes the answer of a call to a channel. Deliveries are used again,
// so that a call allocates none; they hold no channel while they are not in use,
// because a channel must not leave the testing/synctest bubble it was made in.
type delivery struct {
	ctx     context.Context
	key     string
	dst     chan<- throttled.Outcome
	charged charged
	done    func(throttled.Result, error) // deliver of this delivery, bound once
}

var deliveries sync.Pool

func newDelivery(ctx context.Context, key string, dst chan<- throttled.Outcome) *delivery {
	d, ok := deliveries.Get().(*delivery)
	if !ok {
		d = new(delivery)
		d.done = d.deliver
	}
	d.ctx, d.key, d.dst = ctx, key, dst
	return d
}

// deliver sends the answer and gives d back for the next call. It may run on a
// goroutine of the store, or of another caller.
func (d *delivery) deliver(res throttled.Result, err error) {
	if handover.Try(d.dst, d.key, res, err) {
		d.free()
	} else {
		go d.insist(res, err)
	}
}

// insist waits until the answer is received. If ctx ends first it gives back what was
// charged.
func (d *delivery) insist(res throttled.Result, err error) {
	handover.Insist(d.ctx, d.dst, throttled.Outcome{Key: d.key, Result: res, Err: err}, d.charged.giveBack)
	d.free()
}

// free gives d back for the next call.
func (d *delivery) free() {
	d.ctx, d.key, d.dst = nil, "", nil
	d.charged.marker, d.charged.receipt = nil, nil
	d.charged.mark.Forget()
	deliveries.Put(d)
}

// charged is what a call was charged, so that it can be given back if nobody
// receives the answer.
type charged struct {
	marker  charge.Marker // the store; nil where it cannot give a charge back
	mark    charge.Mark
	receipt *limiter.Receipt // in place of mark, of a call with hooks
}

// giveBack gives back what has not leaked.
func (c *charged) giveBack() {
	switch {
	case c.receipt != nil:
		c.receipt.GiveBack()
	case c.marker != nil:
		_ = c.marker.GiveBack(&c.mark) // a closed store has nothing left to give back to
	}
}
