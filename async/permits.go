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
// the channel is closed, and a permit that was not received is given back as
// [Limiter.LimitTo] does. Any other error is sent once, and then the channel is
// closed.
//
// At a LeakyBucket that others have filled, it asks again when there is room. A
// denial that a hook made ends the stream.
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
	var charged charged
	answer := make(chan throttled.Outcome, 1)
	l.submitMarked(ctx, throttled.OpWait, key, 1, &charged, l.waited(key, answer))
	outcome := <-answer
	if outcome.Err != nil && l.tryLater(ctx, outcome.Err, charged.receipt) {
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
		charged.giveBack()
	}
	return false
}

// tryLater sleeps until there is room in a full leaky bucket, and reports
// whether that is what err is about and ctx lasts as long. A denial of a hook is
// about something else; the receipt knows, which is nil without hooks.
func (l *Limiter) tryLater(ctx context.Context, err error, receipt *limiter.Receipt) bool {
	limited, ok := errors.AsType[*throttled.LimitedError](err)
	if !ok || l.Algorithm() != throttled.LeakyBucket || receipt != nil && !receipt.Denied(limited.Result) {
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
