package peers

import (
	"github.com/didip/tollbooth/v7"
	"github.com/didip/tollbooth/v7/limiter"
)

var tollboothV7 = Peer{
	Name: "tollbooth-v7", What: "tollbooth.LimitByKeys", Module: "github.com/didip/tollbooth/v7",
	Law: TokenBucket, Bound: "by age: ten years after a key was made, unless set otherwise", Keys: true,
	New: func(s Settings) (Limiter, error) {
		perSecond := float64(s.Limit) / s.Period.Seconds()
		return booth{tollbooth.NewLimiter(perSecond, nil).SetBurst(int(s.Burst))}, nil
	},
}

type booth struct{ limiter *limiter.Limiter }

func (l booth) Allow(key string) bool {
	return tollbooth.LimitByKeys(l.limiter, []string{key}) == nil
}

func (l booth) Decide(key string, _ int64) Decision { return Decision{Allowed: l.Allow(key)} }
func (l booth) Close() error                        { return nil }
