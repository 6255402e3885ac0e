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
func submitterOf(store throttled.Store) throttled.Store {
	if _, ok := store.(submitter); ok {
		return store
	}
	return &crew{Store: store, hands: semaphore.NewWeighted(maxHands)}
}

// maxHands is how many decisions of one limiter are on their way at a store
// that blocks.
const maxHands = 256

// crew makes a submitter of a store that has only Do: a goroutine for each
// request. Those that decide at once are bounded. Those that may wait are not:
// they sleep, and would keep the others from being decided.
type crew struct {
	throttled.Store
	hands *semaphore.Weighted
}

// Check asks the store, if it may refuse a plan.
func (c *crew) Check(plan *throttled.Plan) error {
	if checker, ok := c.Store.(interface{ Check(*throttled.Plan) error }); ok {
		return checker.Check(plan)
	}
	return nil
}

// Do is for calls with hooks, which have a goroutine already.
func (c *crew) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if mayWait(req) {
		return c.Store.Do(ctx, req)
	}
	if err := c.hands.Acquire(ctx, 1); err != nil {
		return throttled.Result{}, fmt.Errorf("throttled: %w", err)
	}
	defer c.hands.Release(1)
	return c.Store.Do(ctx, req)
}

// Submit blocks while all hands are busy, until ctx ends.
func (c *crew) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if mayWait(req) {
		go func() { done(c.Store.Do(ctx, req)) }()
		return
	}
	if err := c.hands.Acquire(ctx, 1); err != nil {
		done(throttled.Result{}, fmt.Errorf("throttled: %w", err))
		return
	}
	go func() {
		res, err := c.Store.Do(ctx, req)
		c.hands.Release(1)
		done(res, err)
	}()
}

// mayWait reports whether req may sleep until its turn.
func mayWait(req throttled.Request) bool { return req.Op == throttled.OpWait || req.Within > 0 }
