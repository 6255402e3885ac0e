package peers

import (
	"time"

	"golang.org/x/time/rate"
)

var (
	timeRate = Peer{
		Name: "time-rate", What: "rate.Limiter.Allow; one limiter", Module: "golang.org/x/time",
		Law: TokenBucket, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) { return oneRate{newRate(s)}, nil },
	}
	timeRateMap = Peer{
		Name: "time-rate+map", What: "the same, one for each key in a map under a sync.RWMutex", Module: "golang.org/x/time",
		Law: TokenBucket, Keys: true, Costs: true, Tells: true,
		New: func(s Settings) (Limiter, error) {
			return rateMap{newKeyed(func() *rate.Limiter { return newRate(s) })}, nil
		},
	}
)

func newRate(s Settings) *rate.Limiter {
	perSecond := float64(s.Limit) / s.Period.Seconds()
	return rate.NewLimiter(rate.Limit(perSecond), int(s.Burst))
}

// decideByRate learns the wait as the package documents it: reserve, look at
// the delay, and cancel.
func decideByRate(l *rate.Limiter, cost int64) Decision {
	now := time.Now()
	if l.AllowN(now, int(cost)) {
		return Decision{Allowed: true}
	}
	reservation := l.ReserveN(now, int(cost))
	if !reservation.OK() {
		return Decision{RetryAfter: rate.InfDuration}
	}
	defer reservation.CancelAt(now)
	return Decision{RetryAfter: reservation.DelayFrom(now)}
}

type oneRate struct{ *rate.Limiter }

func (l oneRate) Allow(string) bool                    { return l.Limiter.Allow() }
func (l oneRate) Decide(_ string, cost int64) Decision { return decideByRate(l.Limiter, cost) }
func (l oneRate) Close() error                         { return nil }

type rateMap struct{ *keyed[*rate.Limiter] }

func (l rateMap) Allow(key string) bool                  { return l.get(key).Allow() }
func (l rateMap) Decide(key string, cost int64) Decision { return decideByRate(l.get(key), cost) }
