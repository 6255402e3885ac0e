package async

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
)

// delivery takes the answer of a call to a channel. Deliveries are used again,
// so that a call allocates none; they hold no channel while they are not in use,
// because a channel must not leave the testing/synctest bubble it was made in.
type delivery struct {
	limiter *Limiter
	ctx     context.Context
	key     string
	cost    int64
	dst     chan<- throttled.Outcome
	done    func(throttled.Result, error) // deliver of this delivery, bound once
}

var deliveries sync.Pool

func newDelivery(ctx context.Context, l *Limiter, key string, cost int64, dst chan<- throttled.Outcome) *delivery {
	d, ok := deliveries.Get().(*delivery)
	if !ok {
		d = new(delivery)
		d.done = d.deliver
	}
	d.limiter, d.ctx, d.key, d.cost, d.dst = l, ctx, l.shared.Key(key), cost, dst
	return d
}

// deliver sends the answer and gives d back for the next call.
func (d *delivery) deliver(res throttled.Result, err error) {
	outcome := throttled.Outcome{Key: d.key, Result: res, Err: err}
	select {
	case d.dst <- outcome:
	default:
		go insist(d.ctx, d.limiter, d.cost, d.dst, outcome)
	}
	*d = delivery{done: d.done}
	deliveries.Put(d)
}

// insist waits until outcome is received. If ctx ends first it gives back what
// was charged.
func insist(ctx context.Context, l *Limiter, cost int64, dst chan<- throttled.Outcome, outcome throttled.Outcome) {
	select {
	case dst <- outcome:
	case <-ctx.Done():
		if outcome.Err == nil && outcome.Result.Allowed {
			<-l.Refund(context.WithoutCancel(ctx), outcome.Key, cost)
		}
	}
}
