package peers

import (
	"github.com/didip/tollbooth/v7"
	toll8 "github.com/didip/tollbooth/v8"
)

const tollboothBound = "by age: ten years after a key was made, unless set otherwise"

var (
	tollboothV7 = Peer{
		Name: "tollbooth-v7", What: "tollbooth.LimitByKeys", Module: "github.com/didip/tollbooth/v7",
		Law: TokenBucket, Bound: tollboothBound, Keys: true,
		New: func(s Settings) (Limiter, error) {
			limiter := tollbooth.NewLimiter(perSecond(s), nil).SetBurst(int(s.Burst))
			return booth(func(key string) bool { return tollbooth.LimitByKeys(limiter, []string{key}) == nil }), nil
		},
	}
	tollboothV8 = Peer{
		Name: "tollbooth-v8", What: "tollbooth.LimitByKeys", Module: "github.com/didip/tollbooth/v8",
		Law: TokenBucket, Bound: tollboothBound, Keys: true,
		New: func(s Settings) (Limiter, error) {
			limiter := toll8.NewLimiter(perSecond(s), nil).SetBurst(int(s.Burst))
			return booth(func(key string) bool { return toll8.LimitByKeys(limiter, []string{key}) == nil }), nil
		},
	}
)

func perSecond(s Settings) float64 { return float64(s.Limit) / s.Period.Seconds() }

// booth asks a limiter of either version for one.
type booth func(key string) bool

func (b booth) Allow(key string) bool               { return b(key) }
func (b booth) Decide(key string, _ int64) Decision { return Decision{Allowed: b(key)} }
func (b booth) Close() error                        { return nil }
