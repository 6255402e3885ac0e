package waits

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"go.uber.org/ratelimit"
	"golang.org/x/time/rate"
)

var (
	timeRate = Waiter{
		Name: "time-rate", What: "rate.Limiter.Wait", Module: "golang.org/x/time", Cancels: true,
		New: func(every time.Duration) (Line, error) {
			return rateLine{rate.NewLimiter(rate.Every(every), 1)}, nil
		},
	}
	uberRatelimit = Waiter{
		Name: "uber-ratelimit", What: "ratelimit.Limiter.Take, without slack", Module: "go.uber.org/ratelimit",
		New: func(every time.Duration) (Line, error) {
			return takerLine{ratelimit.New(1, ratelimit.Per(every), ratelimit.WithoutSlack)}, nil
		},
	}
	failsafeSmooth = Waiter{
		Name: "failsafe-smooth", What: "NewSmoothWithMaxRate, AcquirePermit", Module: "github.com/failsafe-go/failsafe-go", Cancels: true,
		New: func(every time.Duration) (Line, error) {
			return permitLine{ratelimiter.NewSmoothWithMaxRate[any](every)}, nil
		},
	}
)

type rateLine struct{ *rate.Limiter }

func (rateLine) Close() error { return nil }

type takerLine struct{ ratelimit.Limiter }

func (l takerLine) Wait(context.Context) error {
	l.Take()
	return nil
}

func (takerLine) Close() error { return nil }

type permitLine struct{ ratelimiter.RateLimiter[any] }

func (l permitLine) Wait(ctx context.Context) error { return l.AcquirePermit(ctx) }
func (permitLine) Close() error                     { return nil }
