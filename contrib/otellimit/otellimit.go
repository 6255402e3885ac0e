// Package otellimit measures limiters and their stores with OpenTelemetry.
//
//	meter, err := otellimit.New(otellimit.Options{})
//	...
//	limiter, err := sync.New(throttled.Config{
//		Quota: throttled.PerSecond(100),
//		Hooks: []throttled.Hook{meter.Hook("api")},
//	})
//
// The instruments are:
//
//	throttled.requests         counter, {request}    what Limit and Wait were answered
//	throttled.wait.duration    histogram, s          how long a Wait took
//	throttled.store.buckets    up-down counter, {bucket}    buckets that a memory store holds
//	throttled.store.waiting    up-down counter, {request}   callers who wait for their turn at it
//	throttled.store.evictions  counter, {bucket}     live buckets that it forgot to make room
//	throttled.breaker.state    up-down counter, 1    1 for the state of a circuit breaker, 0 for the others
//
// The first two have the attributes throttled.limiter.name, throttled.algorithm,
// throttled.store.kind and throttled.result; those of stores and breakers have
// throttled.store.name, and the last throttled.breaker.state too. A key is never
// an attribute: it may name a person, and an SDK that sees more sets than its
// limit, 2,000 by default, drops those that come later with all that they say.
// A limiter has five sets of attributes at most, which are made once.
package otellimit

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// scope names this package where an instrument is told from others.
const scope = "github.com/throttled-go/throttled/contrib/otellimit"

// The attributes. None of them has more values than a program has limiters,
// stores, algorithms, results and states.
const (
	limiterName  = attribute.Key("throttled.limiter.name")
	algorithm    = attribute.Key("throttled.algorithm")
	storeKind    = attribute.Key("throttled.store.kind")
	storeName    = attribute.Key("throttled.store.name")
	resultKey    = attribute.Key("throttled.result")
	breakerState = attribute.Key("throttled.breaker.state")
)

// Options are the settings of a [Meter].
type Options struct {
	// MeterProvider makes the instruments; nil means otel.GetMeterProvider().
	MeterProvider metric.MeterProvider
}

// Meter has the instruments. It is safe for concurrent use, and one is enough
// for all limiters and stores of a program.
type Meter struct {
	meter    metric.Meter
	requests metric.Int64Counter
	waits    metric.Float64Histogram
	breakers metric.Int64UpDownCounter

	buckets, waiting metric.Int64ObservableUpDownCounter
	evictions        metric.Int64ObservableCounter
}

// New makes the instruments. It returns every error of the provider at once.
func New(options Options) (*Meter, error) {
	if options.MeterProvider == nil {
		options.MeterProvider = otel.GetMeterProvider()
	}
	meter := options.MeterProvider.Meter(scope)
	m := &Meter{meter: meter}
	var errs [6]error
	m.requests, errs[0] = meter.Int64Counter("throttled.requests", metric.WithUnit("{request}"),
		metric.WithDescription("Calls of Limit and Wait, by what they were answered."))
	m.waits, errs[1] = meter.Float64Histogram("throttled.wait.duration", metric.WithUnit("s"),
		metric.WithDescription("How long a Wait took, by what it was answered."),
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60))
	m.buckets, errs[2] = meter.Int64ObservableUpDownCounter("throttled.store.buckets", metric.WithUnit("{bucket}"),
		metric.WithDescription("Buckets that a memory store holds."))
	m.waiting, errs[3] = meter.Int64ObservableUpDownCounter("throttled.store.waiting", metric.WithUnit("{request}"),
		metric.WithDescription("Callers who wait for their turn at a memory store."))
	m.evictions, errs[4] = meter.Int64ObservableCounter("throttled.store.evictions", metric.WithUnit("{bucket}"),
		metric.WithDescription("Live buckets that a memory store forgot to make room: each forgave what its key had used up."))
	m.breakers, errs[5] = meter.Int64UpDownCounter("throttled.breaker.state", metric.WithUnit("1"),
		metric.WithDescription("1 for the present state of a circuit breaker, 0 for the others."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return m, nil
}
