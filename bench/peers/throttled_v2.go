package peers

import (
	"context"

	gcra "github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
)

var (
	throttledV2 = Peer{
		Name: "throttled-v2", What: "GCRARateLimiterCtx.RateLimitCtx over memstore, unbounded", Module: "github.com/throttled/throttled/v2",
		Law: TokenBucket, Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) { return newGCRA(s, 0) },
	}
	throttledV2Bounded = Peer{
		Name: "throttled-v2-lru", What: "the same over memstore with a bound", Module: "github.com/throttled/throttled/v2",
		Law: TokenBucket, Bound: "LRU; a live key may go", Bounded: true, Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) { return newGCRA(s, max(s.MaxKeys, 1)) },
	}
)

func newGCRA(s Settings, maxKeys int) (Limiter, error) {
	store, err := memstore.NewCtx(maxKeys)
	if err != nil {
		return nil, err
	}
	limiter, err := gcra.NewGCRARateLimiterCtx(store, gcra.RateQuota{
		MaxRate:  gcra.PerDuration(int(s.Limit), s.Period),
		MaxBurst: int(s.Burst) - 1, // it counts what comes on top of the first
	})
	return gcraLimiter{limiter}, err
}

type gcraLimiter struct{ limiter *gcra.GCRARateLimiterCtx }

func (l gcraLimiter) Allow(key string) bool {
	limited, _, err := l.limiter.RateLimitCtx(context.Background(), key, 1)
	return err == nil && !limited
}

func (l gcraLimiter) Decide(key string, cost int64) Decision {
	limited, result, err := l.limiter.RateLimitCtx(context.Background(), key, int(cost))
	return Decision{Allowed: err == nil && !limited, RetryAfter: result.RetryAfter}
}

func (l gcraLimiter) Close() error { return nil }
