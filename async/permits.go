package async

import (
	"context"
	"errors"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/limiter"
)

// Permits returns a stream of permits: one value each time the quota of key
// lets one more through. One goroutine asks for the next permit when the last
// was received, so at most one is ever in hand, and lives until ctx ends. Then
// the channel is closed, and a permit that was not received is given back. Any
// other error is sent once, and then the channel is closed.
//
// At a LeakyBucket that others have filled, it asks again when there is room.
func (l *Limiter) Permits(ctx context.Context, key string) <-chan throttled.Outcome {
	permits := make(chan throttled.Outcome)
	go func() {
		defer close(permits)
		for l.permit(ctx, key, permits) {
		}
	}()
	return permits
}

// permit waits for one permit, hands it on, and reports whether there may be
// another.
func (l *Limiter) permit(ctx context.Context, key string, permits chan<- throttled.Outcome) bool {
	call, charged := ctx, &limiter.Receipt{Key: key, Cost: 1}
	if l.shared.Hooked(throttled.OpWait) {
		call, charged = limiter.WithReceipt(ctx)
	}
	outcome := <-l.Wait(call, key)
	if outcome.Err != nil && l.tryLater(ctx, outcome.Err) {
		return true
	}
	if ctx.Err() == nil {
		select {
		case permits <- outcome:
			return outcome.Err == nil
		case <-ctx.Done():
		}
	}
	if outcome.Err == nil {
		l.giveBack(ctx, *charged)
	}
	return false
}

// tryLater sleeps until there is room in a full leaky bucket, and reports
// whether that is what err is about and ctx lasts as long.
func (l *Limiter) tryLater(ctx context.Context, err error) bool {
	limited, ok := errors.AsType[*throttled.LimitedError](err)
	if !ok || l.Algorithm() != throttled.LeakyBucket {
		return false
	}
	after := limited.Result.RetryAfter()
	if deadline, ok := ctx.Deadline(); after == throttled.Never || ok && time.Until(deadline) <= after {
		return false
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
