package async_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// line is those who wait: so many at each of some keys, with a turn every so
// often.
type line struct {
	keys, each int
	every      time.Duration
}

// BenchmarkWakeup tells how late a wait is answered in real time: the median
// and the 99th percentile. The floor is a timer at the same instants. Its ns/op
// would be that of the whole line and says nothing, so there is none.
func BenchmarkWakeup(b *testing.B) {
	for _, bench := range []struct {
		name string
		wake func(line) []time.Duration
		line line
	}{
		{"timer/keys=1", timers, line{1, 1000, time.Millisecond}},
		{"throttled/keys=1", waits, line{1, 1000, time.Millisecond}},
		{"time-rate/keys=1", rateWaits, line{1, 1000, time.Millisecond}},
		{"throttled/keys=1000", waits, line{1000, 20, 50 * time.Millisecond}},
		{"time-rate/keys=1000", rateWaits, line{1000, 20, 50 * time.Millisecond}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var late []time.Duration
			for b.Loop() {
				late = append(late, bench.wake(bench.line)...)
			}
			slices.Sort(late)
			at := func(quantile float64) float64 {
				return float64(late[int(quantile*float64(len(late)-1))]) / float64(time.Microsecond)
			}
			b.ReportMetric(at(0.5), "p50-µs")
			b.ReportMetric(at(0.99), "p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timers sets a timer for each turn, one after the other.
func timers(l line) (late []time.Duration) {
	began := time.Now()
	for i := range l.each {
		at := time.Duration(i+1) * l.every
		<-time.NewTimer(at - time.Since(began)).C
		late = append(late, time.Since(began)-at)
	}
	return late
}

// waits has everybody stand in line. The instant from which the turns of a key
// are counted is read just before the key is first asked, so all seem a little
// later than they are.
func waits(l line) (late []time.Duration) {
	actor := throttled.Must(store.NewActor(store.Options{}))
	defer actor.Close()
	limiter := throttled.Must(async.New(throttled.Config{
		Quota:   throttled.Per(1, l.every),
		Store:   actor,
		Timeout: throttled.Never,
	}))
	ctx := context.Background()
	answers := make(chan throttled.Outcome, l.keys*l.each)
	began, turns := make([]time.Time, l.keys), make([]time.Duration, l.keys)
	for i := range l.keys {
		began[i] = time.Now()
		<-limiter.Limit(ctx, strconv.Itoa(i))
	}
	for range l.each {
		for i := range l.keys {
			limiter.LimitTo(ctx, strconv.Itoa(i), 1, answers)
		}
	}
	for range cap(answers) {
		outcome := <-answers
		now := time.Now()
		i, _ := strconv.Atoi(outcome.Key)
		turns[i] += l.every
		late = append(late, now.Sub(began[i])-turns[i])
	}
	return late
}

// rateWaits is waits with a goroutine for each. Which of them goes first at a
// key is not told, so the first to wake is held to the first turn, and so on.
func rateWaits(l line) (late []time.Duration) {
	woken := make([][]time.Duration, l.keys)
	var group sync.WaitGroup
	for i := range l.keys {
		woken[i] = make([]time.Duration, l.each)
		limiter := rate.NewLimiter(rate.Every(l.every), 1)
		began := time.Now()
		limiter.Allow()
		for n := range l.each {
			group.Go(func() {
				limiter.Wait(context.Background())
				woken[i][n] = time.Since(began)
			})
		}
	}
	group.Wait()
	for _, at := range woken {
		slices.Sort(at)
		for n, at := range at {
			late = append(late, at-time.Duration(n+1)*l.every)
		}
	}
	return late
}
