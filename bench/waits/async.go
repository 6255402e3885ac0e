package waits

import (
	"context"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

var asyncWait = Waiter{
	Name: "throttled-go-async", What: "async.Limiter.Wait over store.Actor; a crowd by LimitTo", Module: ourModule, Cancels: true,
	New: func(every time.Duration) (Line, error) {
		actor, err := store.NewActor(store.Options{})
		if err != nil {
			return nil, err
		}
		limiter, err := async.New(throttled.Config{
			Quota: throttled.Per(1, every), Store: actor, Key: "line", Timeout: throttled.Never,
		})
		return asyncLine{limiter, actor}, err
	},
}

type asyncLine struct {
	limiter *async.Limiter
	store   *store.Actor
}

func (l asyncLine) Wait(ctx context.Context) error {
	outcome := <-l.limiter.Wait(ctx, "")
	return outcome.Err
}

func (l asyncLine) Crowd(n int, settled, woken func()) {
	answers := make(chan throttled.Outcome, n)
	for range n {
		l.limiter.LimitTo(context.Background(), "", 1, answers)
	}
	settled()
	for range n {
		<-answers
		woken()
	}
}

func (l asyncLine) Close() error { return l.store.Close() }
