package peers

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

const (
	ourModule  = "github.com/throttled-go/throttled"
	ourBound   = "LRU; what is as good as fresh goes first"
	syncMemory = "sync.Limiter.Limit over store.Memory"
)

// This library, blocking.
var (
	syncTokenBucket   = syncPeer("throttled-go-sync", syncMemory, throttled.TokenBucket, TokenBucket)
	syncFixedWindow   = syncPeer("throttled-go-sync-fixed", syncMemory+", fixed window", throttled.FixedWindow, WindowByClock)
	syncSlidingWindow = syncPeer("throttled-go-sync-sliding", syncMemory+", sliding window", throttled.SlidingWindow, SlidingWindow)
)

func syncPeer(name, what string, algorithm throttled.Algorithm, law Law) Peer {
	return Peer{
		Name: name, What: what, Module: ourModule, Law: law, Bound: ourBound, Bounded: true,
		Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) {
			memory, err := store.NewMemory(store.Options{MaxSize: s.MaxKeys})
			if err != nil {
				return nil, err
			}
			limiter, err := sync.New(throttled.Config{Quota: ourQuota(s), Algorithm: algorithm, Store: memory})
			return &syncLimiter{limiter: limiter, store: memory}, err
		},
	}
}

func ourQuota(s Settings) throttled.Quota {
	return throttled.NewQuota(throttled.Rate{Limit: s.Limit, Period: s.Period, Burst: s.Burst})
}

type syncLimiter struct {
	limiter *sync.Limiter
	store   *store.Memory
}

func (l *syncLimiter) Allow(key string) bool {
	res, err := l.limiter.Limit(context.Background(), key)
	return err == nil && res.Allowed
}

func (l *syncLimiter) Decide(key string, cost int64) Decision {
	res, err := l.limiter.LimitN(context.Background(), key, cost)
	return Decision{Allowed: err == nil && res.Allowed, RetryAfter: res.RetryAfter()}
}

func (l *syncLimiter) Close() error { return l.store.Close() }
