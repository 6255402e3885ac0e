package async

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/throttled-go/throttled"
)

// submitterOf returns store if it is a Submitter, else a blockingStore over it.
func submitterOf(store throttled.Store) throttled.Submitter {
	if submitter, ok := store.(throttled.Submitter); ok {
		return submitter
	}
	return &blockingStore{Store: store, inFlight: semaphore.NewWeighted(maxInFlight)}
}

// maxInFlight is how many decisions of one limiter are on their way at a store
// that blocks.
const maxInFlight = 256

// blockingStore makes a Submitter of a store that has only Do: a goroutine for
// each request. Those that decide at once are bounded. Those that may wait are
// not: they sleep, and would keep the others from being decided.
type blockingStore struct {
	throttled.Store
	inFlight *semaphore.Weighted
}

// Check asks the store, if it may refuse a plan.
func (b *blockingStore) Check(plan *throttled.Plan) error {
	if checker, ok := b.Store.(throttled.Checker); ok {
		return checker.Check(plan)
	}
	return nil
}

// Do is for calls with hooks, which have a goroutine already.
func (b *blockingStore) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if mayWait(req) {
		return b.Store.Do(ctx, req)
	}
	if err := b.inFlight.Acquire(ctx, 1); err != nil {
		return throttled.Result{}, fmt.Errorf("throttled: %w", err)
	}
	defer b.inFlight.Release(1)
	return b.Store.Do(ctx, req)
}

// Submit blocks while maxInFlight decisions are on their way, until ctx ends.
func (b *blockingStore) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if mayWait(req) {
		go func() { done(b.Store.Do(ctx, req)) }()
		return
	}
	if err := b.inFlight.Acquire(ctx, 1); err != nil {
		done(throttled.Result{}, fmt.Errorf("throttled: %w", err))
		return
	}
	go func() {
		res, err := b.Store.Do(ctx, req)
		b.inFlight.Release(1)
		done(res, err)
	}()
}

// mayWait reports whether req may sleep until its turn.
func mayWait(req throttled.Request) bool { return req.Op == throttled.OpWait || req.Within > 0 }
