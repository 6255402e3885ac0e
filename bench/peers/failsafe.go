package peers

import "github.com/failsafe-go/failsafe-go/ratelimiter"

const failsafeModule = "github.com/failsafe-go/failsafe-go"

var (
	failsafeBursty = Peer{
		Name: "failsafe-bursty+map", What: "NewBursty, TryAcquirePermit; one for each key in a map under a sync.RWMutex",
		Module: failsafeModule, Law: WindowFromBirth, Keys: true, Costs: true,
		New: func(s Settings) (Limiter, error) {
			return permits{newKeyed(func() ratelimiter.RateLimiter[any] {
				return ratelimiter.NewBursty[any](uint(s.Limit), s.Period)
			})}, nil
		},
	}
	failsafeSmooth = Peer{
		Name: "failsafe-smooth+map", What: "NewSmooth, TryAcquirePermit; one for each key in a map under a sync.RWMutex",
		Module: failsafeModule, Law: EvenSpacing, Keys: true,
		New: func(s Settings) (Limiter, error) {
			return permits{newKeyed(func() ratelimiter.RateLimiter[any] {
				return ratelimiter.NewSmooth[any](uint(s.Limit), s.Period)
			})}, nil
		},
	}
)

type permits struct {
	*keyed[ratelimiter.RateLimiter[any]]
}

func (l permits) Allow(key string) bool { return l.get(key).TryAcquirePermit() }

func (l permits) Decide(key string, cost int64) Decision {
	return Decision{Allowed: l.get(key).TryAcquirePermits(uint(cost))}
}
