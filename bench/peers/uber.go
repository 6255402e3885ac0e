package peers

import "go.uber.org/ratelimit"

var uberRatelimit = Peer{
	Name: "uber-ratelimit", What: "ratelimit.Limiter.Take; one limiter", Module: "go.uber.org/ratelimit",
	Law: EvenSpacing, WaitsOnly: true,
	New: func(s Settings) (Limiter, error) {
		return taker{ratelimit.New(int(s.Limit), ratelimit.Per(s.Period))}, nil
	},
}

type taker struct{ ratelimit.Limiter }

func (l taker) Allow(string) bool {
	l.Take()
	return true
}

func (l taker) Decide(key string, _ int64) Decision { return Decision{Allowed: l.Allow(key)} }
func (l taker) Close() error                        { return nil }
