package peers

import (
	"context"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
)

var ululeLimiter = Peer{
	Name: "ulule-limiter", What: "Limiter.Get over the memory store", Module: "github.com/ulule/limiter/v3",
	Law: WindowFromFirst, Bound: "by age: a sweep takes what has expired",
	Keys: true, Costs: true, Tells: true,
	New: func(s Settings) (Limiter, error) {
		// Without the sweep: its goroutine ends only when the garbage is collected.
		store := memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: limiter.DefaultPrefix})
		return counted{limiter.New(store, limiter.Rate{Limit: s.Limit, Period: s.Period})}, nil
	},
}

type counted struct{ limiter *limiter.Limiter }

func (l counted) Allow(key string) bool {
	state, err := l.limiter.Get(context.Background(), key)
	return err == nil && !state.Reached
}

func (l counted) Decide(key string, cost int64) Decision {
	state, err := l.limiter.Increment(context.Background(), key, cost)
	return Decision{Allowed: err == nil && !state.Reached, RetryAfter: time.Until(time.Unix(state.Reset, 0))}
}

func (l counted) Close() error { return nil }
