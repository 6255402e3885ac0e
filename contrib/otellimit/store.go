package otellimit

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/throttled-go/throttled/store"
)

// Counted is a store that counts: [*store.Memory] and [*store.Actor] do.
type Counted interface {
	Stats() store.Stats
}

// ObserveStore has the counts of a store in memory read at every collection,
// under its name, until stop is called. A store that was closed keeps its counts.
func (m *Meter) ObserveStore(name string, counted Counted) (stop func() error, err error) {
	set := metric.WithAttributeSet(attribute.NewSet(storeName.String(name)))
	registration, err := m.meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		stats := counted.Stats()
		observer.ObserveInt64(m.buckets, stats.Size, set)
		observer.ObserveInt64(m.waiting, stats.Waiting, set)
		observer.ObserveInt64(m.evictions, stats.Evictions, set)
		return nil
	}, m.buckets, m.waiting, m.evictions)
	if err != nil {
		return nil, fmt.Errorf("otellimit: store %q is not observed: %w", name, err)
	}
	return registration.Unregister, nil
}

// OnBreakerChange returns the function that tells m of a circuit breaker, which
// is closed when it is made: store/redis takes it as
//
//	redis.Breaker{OnChange: otellimit.OnBreakerChange[redis.BreakerState](meter, "main")}
//
// name is that of the store. The state is a type parameter, so that a program
// without Redis links no client of it.
func OnBreakerChange[State fmt.Stringer](m *Meter, name string) func(from, to State) {
	move := func(state string, by int64) {
		m.breakers.Add(context.Background(), by, metric.WithAttributeSet(attribute.NewSet(
			storeName.String(name),
			breakerState.String(state),
		)))
	}
	move("closed", 1)
	return func(from, to State) {
		move(from.String(), -1)
		move(to.String(), 1)
	}
}
