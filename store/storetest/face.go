package storetest

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/sync"
)

// Channels runs the suite through package async, in place of package sync.
func Channels() Option {
	return Face("async", func(cfg throttled.Config) (Limiter, error) {
		l, err := async.New(cfg)
		return receiver{l}, err
	})
}

// blocking is the default face.
func blocking(cfg throttled.Config) (Limiter, error) { return sync.New(cfg) }

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
