package peers

import "github.com/juju/ratelimit"

var jujuRatelimit = Peer{
	Name: "juju-ratelimit+map", What: "Bucket.TakeMaxDuration without a wait; one for each key in a map under a sync.RWMutex",
	Module: "github.com/juju/ratelimit", Law: TokenBucket, Keys: true, Costs: true,
	New: func(s Settings) (Limiter, error) {
		perSecond := float64(s.Limit) / s.Period.Seconds()
		return tokens{newKeyed(func() *ratelimit.Bucket {
			return ratelimit.NewBucketWithRate(perSecond, s.Burst)
		})}, nil
	},
}

type tokens struct{ *keyed[*ratelimit.Bucket] }

func (l tokens) Allow(key string) bool { return l.get(key).TakeAvailable(1) == 1 }

func (l tokens) Decide(key string, cost int64) Decision {
	_, ok := l.get(key).TakeMaxDuration(cost, 0)
	return Decision{Allowed: ok}
}
