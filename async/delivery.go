package async

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/limiter"
)

// delivery takes the answer of a call to a channel. Deliveries are used again,
// so that a call allocates none; they hold no channel while they are not in use,
// because a channel must not leave the testing/synctest bubble it was made in.
type delivery struct {
	limiter *Limiter
	ctx     context.Context
	key     string
	cost    int64
	receipt *limiter.Receipt // of what was charged, where hooks may have changed that; else nil
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
		charged := limiter.Receipt{Key: d.key, Cost: d.cost}
		if d.receipt != nil {
			charged = *d.receipt
		}
		go insist(d.ctx, d.limiter, charged, d.dst, outcome)
	}
	*d = delivery{done: d.done}
	deliveries.Put(d)
}

// insist waits until outcome is received. If ctx ends first it gives back what
// was charged.
func insist(ctx context.Context, l *Limiter, charged limiter.Receipt, dst chan<- throttled.Outcome, outcome throttled.Outcome) {
	select {
	case dst <- outcome:
	case <-ctx.Done():
		if outcome.Err == nil && outcome.Result.Allowed {
			l.giveBack(ctx, charged)
		}
	}
}

// giveBack refunds what was charged for a call whose ctx has ended.
func (l *Limiter) giveBack(ctx context.Context, charged limiter.Receipt) {
	if charged.Cost > 0 {
		<-l.Refund(context.WithoutCancel(ctx), charged.Key, charged.Cost)
	}
}
