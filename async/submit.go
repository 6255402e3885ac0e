package async

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/throttled-go/throttled"
)

// submitter is a store that carries out requests without blocking the caller,
// as store.Actor and store.Memory do.
type submitter interface {
	Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error))
}

// submitterOf returns store if it is a submitter, else a crew for it.
func submitterOf(store throttled.Store) submitter {
	if s, ok := store.(submitter); ok {
		return s
	}
	return &crew{store: store, hands: semaphore.NewWeighted(maxHands)}
}

// maxHands is how many decisions of one limiter are on their way at a store
// that blocks.
const maxHands = 256

// crew makes a submitter of a store that has only Do: a goroutine for each
// request. Those that decide at once are bounded. Those that may wait are not:
// they sleep, and would keep the others from being decided.
type crew struct {
	store throttled.Store
	hands *semaphore.Weighted
}

// Submit blocks while all hands are busy, until ctx ends.
func (c *crew) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if req.Op == throttled.OpWait || req.Within > 0 {
		go func() { done(c.store.Do(ctx, req)) }()
		return
	}
	if err := c.hands.Acquire(ctx, 1); err != nil {
		done(throttled.Result{}, fmt.Errorf("throttled: %w", err))
		return
	}
	go func() {
		res, err := c.store.Do(ctx, req)
		c.hands.Release(1)
		done(res, err)
	}()
}
