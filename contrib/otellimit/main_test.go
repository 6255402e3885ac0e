package otellimit_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/otellimit"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

// newMeter returns a meter, and the reader of what it measured.
func newMeter(t *testing.T) (*otellimit.Meter, *sdk.ManualReader) {
	t.Helper()
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { require.NoError(t, provider.Shutdown(t.Context())) })
	meter, err := otellimit.New(otellimit.Options{MeterProvider: provider})
	require.NoError(t, err)
	return meter, reader
}

// collect returns what was measured, by the name of the instrument.
func collect(t *testing.T, reader *sdk.ManualReader) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	byName := map[string]metricdata.Metrics{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// points returns the numbers of a counter by their attributes, as text.
func points(t *testing.T, m metricdata.Metrics) map[string]int64 {
	t.Helper()
	sum, ok := m.Data.(metricdata.Sum[int64])
	require.True(t, ok, "%s is a %T", m.Name, m.Data)
	numbers := map[string]int64{}
	for _, point := range sum.DataPoints {
		numbers[text(point.Attributes)] = point.Value
	}
	return numbers
}

func text(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

// verbs are Limit and Wait of either face.
type verbs struct {
	limit, wait func(t *testing.T, key string, cost int64) (throttled.Result, error)
}

// faces makes a limiter of each face in a store of its own.
var faces = map[string]func(*testing.T, throttled.Config) verbs{
	"sync": func(t *testing.T, cfg throttled.Config) verbs {
		if cfg.Store == nil {
			cfg.Store = throttled.Must(store.NewMemory(store.Options{}))
			t.Cleanup(func() { cfg.Store.Close() })
		}
		l := throttled.Must(tsync.New(cfg))
		return verbs{
			func(t *testing.T, key string, cost int64) (throttled.Result, error) {
				return l.LimitN(t.Context(), key, cost)
			},
			func(t *testing.T, key string, cost int64) (throttled.Result, error) {
				return l.WaitN(t.Context(), key, cost)
			},
		}
	},
	"async": func(t *testing.T, cfg throttled.Config) verbs {
		if cfg.Store == nil {
			cfg.Store = throttled.Must(store.NewActor(store.Options{}))
			t.Cleanup(func() { cfg.Store.Close() })
		}
		l := throttled.Must(async.New(cfg))
		return verbs{
			func(t *testing.T, key string, cost int64) (throttled.Result, error) {
				outcome := <-l.LimitN(t.Context(), key, cost)
				return outcome.Result, outcome.Err
			},
			func(t *testing.T, key string, cost int64) (throttled.Result, error) {
				outcome := <-l.WaitN(t.Context(), key, cost)
				return outcome.Result, outcome.Err
			},
		}
	},
}

// kinds are the kinds of the stores of faces.
var kinds = map[string]string{"sync": "memory", "async": "actor"}

// bubble runs test as a subtest in the time of a bubble.
func bubble(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}
