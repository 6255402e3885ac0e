package otellimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/otellimit"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

func ExampleMeter_Hook() {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	meter, err := otellimit.New(otellimit.Options{MeterProvider: provider})
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter, err := sync.New(throttled.Config{Quota: throttled.PerHour(2), Hooks: []throttled.Hook{meter.Hook("api")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		_, _ = limiter.Limit(context.Background(), "user:otel")
	}

	var measured metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &measured); err != nil {
		fmt.Println(err)
		return
	}
	for _, point := range measured.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]).DataPoints {
		result, _ := point.Attributes.Value("throttled.result")
		fmt.Println(result.AsString(), point.Value)
	}
	// Unordered output:
	// allowed 2
	// denied 1
}

func ExampleMeter_ObserveStore() {
	meter := throttled.Must(otellimit.New(otellimit.Options{}))
	buckets := throttled.Must(store.NewMemory(store.Options{MaxSize: 100_000}))
	defer buckets.Close()
	stop, err := meter.ObserveStore("sessions", buckets)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { fmt.Println(stop()) }()
	// Output: <nil>
}

func ExampleOnBreakerChange() {
	meter := throttled.Must(otellimit.New(otellimit.Options{}))
	options := redis.Options{Breaker: redis.Breaker{
		OnChange: otellimit.OnBreakerChange[redis.BreakerState](meter, "main"),
	}}
	fmt.Println(options.Breaker.OnChange != nil)
	// Output: true
}

// A hook that logs denials needs nothing but log/slog. The key goes into a log,
// where it does no harm to an index of series; leave it out where it names a
// person.
func Example_slog() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	logDenials := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			res, err := next(ctx, call)
			if err != nil {
				logger.ErrorContext(ctx, "no decision", "key", call.Key, "error", err)
			} else if !res.Allowed {
				logger.InfoContext(ctx, "denied", "key", call.Key, "cost", call.Cost, "quota", call.Quota, "remaining", res.Remaining())
			}
			return res, err
		}
	}
	limiter := throttled.Must(sync.New(throttled.Config{
		Quota: throttled.PerHour(1),
		Hooks: []throttled.Hook{logDenials},
	}))
	for range 2 {
		_, _ = limiter.Limit(context.Background(), "user:slog")
	}
	// Output: level=INFO msg=denied key=user:slog cost=1 quota=1/h remaining=0
}
