package store_test

import (
	"context"
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/storetest"
)

// TestMemoryConforms, of Memory through package sync, stands beside Memory.

func TestMemoryConformsThroughChannels(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newMemory(t, store.Options{}) }, channels)
}

func TestActorConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newActor(t, store.Options{}) })
}

func TestActorConformsThroughChannels(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newActor(t, store.Options{}) }, channels)
}

// channels runs the suite through package async.
var channels = storetest.Face("async", func(cfg throttled.Config) (storetest.Limiter, error) {
	l, err := async.New(cfg)
	return receiver{l}, err
})

// receiver is an async.Limiter that blocks.
type receiver struct{ *async.Limiter }

func (r receiver) LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	return answerOf(r.Limiter.LimitN(ctx, key, cost))
}

func (r receiver) WaitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	return answerOf(r.Limiter.WaitN(ctx, key, cost))
}

func (r receiver) Peek(ctx context.Context, key string) (throttled.State, error) {
	res, err := answerOf(r.Limiter.Peek(ctx, key))
	return res.State(), err
}

func (r receiver) Refund(ctx context.Context, key string, cost int64) (throttled.State, error) {
	res, err := answerOf(r.Limiter.Refund(ctx, key, cost))
	return res.State(), err
}

func (r receiver) Reset(ctx context.Context, key string) error {
	_, err := answerOf(r.Limiter.Reset(ctx, key))
	return err
}

func answerOf(answer <-chan throttled.Outcome) (throttled.Result, error) {
	outcome := <-answer
	return outcome.Result, outcome.Err
}
