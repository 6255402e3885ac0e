package otellimit

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/throttled-go/throttled"
)

// Hook returns a hook that counts what the limiter of that name answers, and
// measures its waits. name should say what is limited, such as "api": it is an
// attribute, so never make it from a key.
//
// throttled.result is one of:
//
//	allowed    the quota let it through
//	denied     it did not
//	unchecked  it was let through without a decision, as store/redis may do while Redis is away
//	canceled   the context of the caller ended first
//	error      there is no answer: the store is away, closed or full, or the call is invalid
//
// The first hook of Config.Hooks sees what the caller is answered; a later one,
// what the hooks before it are answered. The algorithm and the kind of the store
// are those of the limiter's first call.
func (m *Meter) Hook(name string) throttled.Hook {
	return func(next throttled.Handler) throttled.Handler {
		var (
			once sync.Once
			sets *sets
		)
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			once.Do(func() { sets = newSets(name, call) })
			if !call.Wait {
				res, err := next(ctx, call)
				m.requests.Add(ctx, 1, sets.add[resultOf(res, err)]...)
				return res, err
			}
			start := time.Now()
			res, err := next(ctx, call)
			waited, result := time.Since(start), resultOf(res, err)
			m.requests.Add(ctx, 1, sets.add[result]...)
			m.waits.Record(ctx, waited.Seconds(), sets.record[result]...)
			return res, err
		}
	}
}

// result is how a call ended.
type result int

const (
	allowed result = iota
	denied
	unchecked
	canceled
	failed
	results // how many there are
)

func (r result) String() string {
	return [...]string{"allowed", "denied", "unchecked", "canceled", "error"}[r]
}

// resultOf returns how a call ended that was answered so.
func resultOf(res throttled.Result, err error) result {
	switch {
	case errors.Is(err, throttled.ErrStoreUnavailable): // whatever context ended inside
		return failed
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return canceled
	case err != nil:
		return failed
	case !res.Allowed:
		return denied
	case !res.Checked():
		return unchecked
	default:
		return allowed
	}
}

// sets are the attributes of all measurements of one limiter, as the
// instruments take them, so that none is made in a call.
type sets struct {
	add    [results][]metric.AddOption
	record [results][]metric.RecordOption
}

func newSets(name string, call throttled.Call) *sets {
	s := &sets{}
	for r := range results {
		set := metric.WithAttributeSet(attribute.NewSet(
			limiterName.String(name),
			algorithm.String(call.Algorithm.String()),
			storeKind.String(call.Store),
			resultKey.String(r.String()),
		))
		s.add[r], s.record[r] = []metric.AddOption{set}, []metric.RecordOption{set}
	}
	return s
}
