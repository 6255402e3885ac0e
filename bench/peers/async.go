package peers

import (
	"context"
	"sync"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// This library, over channels.
var (
	asyncLimit = Peer{
		Name: "throttled-go-async", What: "<-async.Limiter.Limit over store.Actor, one call in flight",
		Module: ourModule, Law: TokenBucket, Bound: ourBound, Bounded: true, Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) { return newAsync(s) },
	}
	asyncLimitTo = Peer{
		Name: "throttled-go-async-64", What: "async.Limiter.LimitTo over store.Actor, 64 calls in flight",
		Module: ourModule, Law: TokenBucket, Bound: ourBound, Bounded: true, Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) {
			limiter, err := newAsync(s)
			return &asyncBatcher{asyncLimiter: limiter}, err
		},
	}
)

type asyncLimiter struct {
	limiter *async.Limiter
	store   *store.Actor
}

func newAsync(s Settings) (*asyncLimiter, error) {
	actor, err := store.NewActor(store.Options{MaxSize: s.MaxKeys})
	if err != nil {
		return nil, err
	}
	limiter, err := async.New(throttled.Config{Quota: ourQuota(s), Store: actor})
	return &asyncLimiter{limiter: limiter, store: actor}, err
}

func (l *asyncLimiter) Allow(key string) bool {
	outcome := <-l.limiter.Limit(context.Background(), key)
	return outcome.Err == nil && outcome.Result.Allowed
}

func (l *asyncLimiter) Decide(key string, cost int64) Decision {
	outcome := <-l.limiter.LimitN(context.Background(), key, cost)
	return Decision{Allowed: outcome.Err == nil && outcome.Result.Allowed, RetryAfter: outcome.Result.RetryAfter()}
}

func (l *asyncLimiter) Close() error { return l.store.Close() }

// asyncBatcher has a channel for each caller, with room for all its calls.
type asyncBatcher struct {
	*asyncLimiter
	channels sync.Pool
}

func (l *asyncBatcher) AllowAll(keys []string) (allowed int) {
	answers, ok := l.channels.Get().(chan throttled.Outcome)
	if !ok || cap(answers) < len(keys) {
		answers = make(chan throttled.Outcome, max(InFlight, len(keys)))
	}
	for _, key := range keys {
		l.limiter.LimitTo(context.Background(), key, 1, answers)
	}
	for range keys {
		if outcome := <-answers; outcome.Err == nil && outcome.Result.Allowed {
			allowed++
		}
	}
	l.channels.Put(answers)
	return allowed
}
