package peers

import (
	"context"
	"time"

	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
)

var goLimiter = Peer{
	Name: "sethvargo-go-limiter", What: "memorystore, Store.Take", Module: "github.com/sethvargo/go-limiter",
	Law: WindowFromBirth, Bound: "by age: a sweep every 6 hours takes what was idle for 12",
	Keys: true, Tells: true, RealClock: true,
	New: func(s Settings) (Limiter, error) {
		store, err := memorystore.New(&memorystore.Config{Tokens: uint64(s.Limit), Interval: s.Period})
		return limiterStore{store}, err
	},
}

type limiterStore struct{ store limiter.Store }

func (l limiterStore) Allow(key string) bool {
	_, _, _, ok, err := l.store.Take(context.Background(), key)
	return err == nil && ok
}

func (l limiterStore) Decide(key string, _ int64) Decision {
	_, _, reset, ok, err := l.store.Take(context.Background(), key)
	return Decision{Allowed: err == nil && ok, RetryAfter: time.Until(time.Unix(0, int64(reset)))}
}

func (l limiterStore) Close() error { return l.store.Close(context.Background()) }
