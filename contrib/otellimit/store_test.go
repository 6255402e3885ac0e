package otellimit_test

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/otellimit"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
	tsync "github.com/throttled-go/throttled/sync"
)

// hooksToMeasure are none, one that does nothing, and that of a meter.
func hooksToMeasure(b *testing.B) map[string][]throttled.Hook {
	b.Helper()
	meter, err := otellimit.New(otellimit.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))})
	require.NoError(b, err)
	return map[string][]throttled.Hook{
		"none":  nil,
		"idle":  {func(next throttled.Handler) throttled.Handler { return next }},
		"meter": {meter.Hook("api")},
	}
}

func TestStoresAreObserved(t *testing.T) {
	type counted interface {
		throttled.Store
		otellimit.Counted
	}
	for name, buckets := range map[string]func() counted{
		"memory": func() counted { return throttled.Must(store.NewMemory(store.Options{MaxSize: 3})) },
		"actor":  func() counted { return throttled.Must(store.NewActor(store.Options{MaxSize: 3})) },
	} {
		bubble(t, name, func(t *testing.T) {
			meter, reader := newMeter(t)
			buckets := buckets()
			stop, err := meter.ObserveStore("main", buckets)
			require.NoError(t, err)
			l := throttled.Must(tsync.New(throttled.Config{Quota: throttled.PerHour(1), Store: buckets}))
			for i := range 5 { // two of them push another one out
				_, err := l.Limit(t.Context(), strconv.Itoa(i))
				require.NoError(t, err)
			}
			left := make(chan error, 1)
			go func() {
				_, err := l.Wait(t.Context(), "4")
				left <- err
			}()
			synctest.Wait()

			measured := collect(t, reader)
			for instrument, want := range map[string]int64{"buckets": 3, "waiting": 1, "evictions": 2} {
				assert.Equal(t, map[string]int64{"throttled.store.name=main": want}, points(t, measured["throttled.store."+instrument]), instrument)
			}
			assert.True(t, measured["throttled.store.evictions"].Data.(metricdata.Sum[int64]).IsMonotonic)

			require.NoError(t, buckets.Close())
			require.ErrorIs(t, <-left, throttled.ErrClosed)
			assert.Equal(t, map[string]int64{"throttled.store.name=main": 0}, points(t, collect(t, reader)["throttled.store.waiting"]))
			require.NoError(t, stop())
			assert.NotContains(t, collect(t, reader), "throttled.store.waiting")
		})
	}
}

// The breaker of a store whose Redis goes away opens, and is seen to; when Redis
// is back it closes.
func TestTheStateOfABreaker(t *testing.T) {
	server := redistest.Start(t)
	meter, reader := newMeter(t)
	buckets, err := redis.Open(server.URL(), redis.Options{Breaker: redis.Breaker{
		Failures: 1,
		Cooldown: time.Nanosecond,
		OnChange: otellimit.OnBreakerChange[redis.BreakerState](meter, "main"),
	}})
	require.NoError(t, err)
	defer buckets.Close()
	l := throttled.Must(tsync.New(throttled.Config{Store: buckets}))
	state := func(name string) string {
		return "throttled.breaker.state=" + name + ",throttled.store.name=main"
	}
	seen := func() map[string]int64 { return points(t, collect(t, reader)["throttled.breaker.state"]) }
	assert.Equal(t, map[string]int64{state("closed"): 1}, seen())

	server.Stop(t)
	_, err = l.Limit(t.Context(), "key")
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	assert.Equal(t, map[string]int64{state("closed"): 0, state("open"): 1}, seen())

	server.Start(t)
	_, err = l.Limit(t.Context(), "key")
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{state("closed"): 1, state("open"): 0, state("half-open"): 0}, seen())
}

func TestEveryChangeOfABreaker(t *testing.T) {
	meter, reader := newMeter(t)
	changed := otellimit.OnBreakerChange[redis.BreakerState](meter, "main")
	path := []redis.BreakerState{redis.BreakerClosed, redis.BreakerOpen, redis.BreakerHalfOpen, redis.BreakerOpen, redis.BreakerHalfOpen, redis.BreakerClosed}
	for i, to := range path[1:] {
		changed(path[i], to)
		for set, value := range points(t, collect(t, reader)["throttled.breaker.state"]) {
			is := set == "throttled.breaker.state="+to.String()+",throttled.store.name=main"
			assert.Equal(t, is, value == 1, "%s is %d after %v", set, value, to)
			assert.Equal(t, !is, value == 0, "%s is %d after %v", set, value, to)
		}
	}
}

// refusing is a provider whose meters make no instrument of some kinds.
type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

var errCounter, errHistogram = errors.New("no counters here"), errors.New("no histograms here")

func (refusingMeter) Int64Counter(string, ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return nil, errCounter
}

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errHistogram
}

func TestAProviderThatRefuses(t *testing.T) {
	_, err := otellimit.New(otellimit.Options{MeterProvider: refusing{}})
	assert.ErrorIs(t, err, errCounter)
	assert.ErrorIs(t, err, errHistogram)
}

// Without a provider the global one is asked.
func TestTheGlobalProvider(t *testing.T) {
	_, err := otellimit.New(otellimit.Options{})
	assert.NoError(t, err)
}
