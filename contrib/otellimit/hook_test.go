package otellimit_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

func TestRequestsAreCountedByResult(t *testing.T) {
	for face, newVerbs := range faces {
		t.Run(face, func(t *testing.T) {
			meter, reader := newMeter(t)
			var answer error
			inner := func(next throttled.Handler) throttled.Handler {
				return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
					if call.Key == "unchecked" {
						return throttled.NewResult(true, throttled.State{}), nil
					}
					if call.Key == "error" {
						return throttled.Result{}, answer
					}
					return next(ctx, call)
				}
			}
			l := newVerbs(t, throttled.Config{
				Quota:     throttled.PerHour(3),
				Algorithm: throttled.SlidingWindow,
				Hooks:     []throttled.Hook{meter.Hook("api"), inner},
			})
			limit := func(key string, cost int64) { _, _ = l.limit(t, key, cost) } // what it is answered is counted
			for range 5 {
				limit("user:42", 1)
			}
			limit("user:7", 4)
			limit("user:7", 0)
			limit("unchecked", 1)
			for _, answer = range []error{
				throttled.ErrStoreUnavailable, throttled.ErrFull,
				fmt.Errorf("%w: %w", throttled.ErrStoreUnavailable, context.DeadlineExceeded),
				fmt.Errorf("throttled: %w", context.DeadlineExceeded), fmt.Errorf("throttled: %w", context.Canceled),
			} {
				limit("error", 1)
			}
			sets := func(result string) string {
				return "throttled.algorithm=sliding_window,throttled.limiter.name=api,throttled.result=" + result + ",throttled.store.kind=" + kinds[face]
			}
			measured := collect(t, reader)
			assert.Equal(t, map[string]int64{
				sets("allowed"):   4,
				sets("denied"):    3,
				sets("unchecked"): 1,
				sets("canceled"):  2,
				sets("error"):     3,
			}, points(t, measured["throttled.requests"]))
			assert.Equal(t, "{request}", measured["throttled.requests"].Unit)
			assert.NotContains(t, measured, "throttled.wait.duration", "nobody waited")
		})
	}
}

func TestWaitsAreMeasuredInSeconds(t *testing.T) {
	for face, newVerbs := range faces {
		bubble(t, face, func(t *testing.T) {
			meter, reader := newMeter(t)
			l := newVerbs(t, throttled.Config{Quota: throttled.PerSecond(4).WithBurst(1), Hooks: []throttled.Hook{meter.Hook("mail")}})
			for range 4 {
				_, err := l.wait(t, "key", 1)
				require.NoError(t, err)
			}
			_, err := l.wait(t, "key", 2)
			require.ErrorIs(t, err, throttled.ErrLimited, "the hook turns no denial into an error of its own")

			measured := collect(t, reader)
			waits := measured["throttled.wait.duration"]
			assert.Equal(t, "s", waits.Unit)
			histogram, ok := waits.Data.(metricdata.Histogram[float64])
			require.True(t, ok)
			require.Len(t, histogram.DataPoints, 2)
			sets := "throttled.algorithm=token_bucket,throttled.limiter.name=mail,throttled.result=%s,throttled.store.kind=" + kinds[face]
			for _, point := range histogram.DataPoints {
				switch text(point.Attributes) {
				case fmt.Sprintf(sets, "allowed"):
					assert.EqualValues(t, 4, point.Count)
					assert.InDelta(t, 0.75, point.Sum, 1e-9)
				case fmt.Sprintf(sets, "denied"):
					assert.EqualValues(t, 1, point.Count)
					assert.Zero(t, point.Sum)
				default:
					t.Errorf("another set: %s", text(point.Attributes))
				}
			}
			assert.Len(t, points(t, measured["throttled.requests"]), 2)
		})
	}
}

// A million keys are no more sets of attributes than one is.
func TestAMillionKeysMakeNoMoreSets(t *testing.T) {
	meter, reader := newMeter(t)
	want := map[string]int64{}
	for face, keys := range map[string]int64{"sync": 900_000, "async": 100_000} {
		l := faces[face](t, throttled.Config{Quota: throttled.PerHour(1), Hooks: []throttled.Hook{meter.Hook("api")}})
		for i := range keys {
			_, err := l.limit(t, "user:"+strconv.FormatInt(i, 10), 1+i%2) // every other one is denied
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := l.wait(t, "user:waits", 1)
		require.NoError(t, err)
		for result, n := range map[string]int64{"allowed": keys/2 + 1, "denied": keys / 2} {
			want["throttled.algorithm=token_bucket,throttled.limiter.name=api,throttled.result="+result+",throttled.store.kind="+kinds[face]] = n
		}
	}
	measured := collect(t, reader)
	assert.Equal(t, want, points(t, measured["throttled.requests"]))
	assert.Len(t, measured["throttled.wait.duration"].Data.(metricdata.Histogram[float64]).DataPoints, 2)
}

// The sets are made once: a call allocates nothing more with the hook.
func TestTheHookDoesNotAllocate(t *testing.T) {
	meter, _ := newMeter(t)
	buckets := throttled.Must(store.NewMemory(store.Options{}))
	defer buckets.Close()
	bare := func(next throttled.Handler) throttled.Handler { return next }
	allocations := func(hook throttled.Hook) float64 {
		l := throttled.Must(tsync.New(throttled.Config{Store: buckets, Quota: throttled.PerSecond(1_000_000), Hooks: []throttled.Hook{hook}}))
		return testing.AllocsPerRun(1000, func() {
			_, _ = l.Limit(t.Context(), "key")
			_, _ = l.Wait(t.Context(), "key")
		})
	}
	assert.LessOrEqual(t, allocations(meter.Hook("api")), allocations(bare))
}

// One hook in two limiters counts both together, each with its own algorithm.
func TestOneHookOfTwoLimiters(t *testing.T) {
	meter, reader := newMeter(t)
	hook := []throttled.Hook{meter.Hook("api")}
	bucket := faces["sync"](t, throttled.Config{Hooks: hook})
	window := faces["sync"](t, throttled.Config{Hooks: hook, Algorithm: throttled.FixedWindow, Quota: throttled.Per(1, time.Hour)})
	for _, l := range []verbs{bucket, window} {
		_, err := l.limit(t, "key", 1)
		require.NoError(t, err)
	}
	assert.Equal(t, map[string]int64{
		"throttled.algorithm=token_bucket,throttled.limiter.name=api,throttled.result=allowed,throttled.store.kind=memory": 1,
		"throttled.algorithm=fixed_window,throttled.limiter.name=api,throttled.result=allowed,throttled.store.kind=memory": 1,
	}, points(t, collect(t, reader)["throttled.requests"]))
}

func BenchmarkHook(b *testing.B) {
	for name, hooks := range hooksToMeasure(b) {
		b.Run(name, func(b *testing.B) {
			l := throttled.Must(tsync.New(throttled.Config{Quota: throttled.PerSecond(1 << 40), Hooks: hooks}))
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Limit(ctx, "key"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
