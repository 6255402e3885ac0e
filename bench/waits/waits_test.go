package waits_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/throttled-go/throttled/bench/waits"
)

var out = flag.String("out", "", "write the table to this file, as JSON")

// TestOrder looks at every line. In that of this library nobody overtakes, and
// who gives up leaves the place to those behind; what the others do is told.
func TestOrder(t *testing.T) {
	var table []waits.Order
	for _, waiter := range waits.All() {
		t.Run(waiter.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				order, err := waits.MeasureOrder(waiter, 100, synctest.Wait)
				if err != nil {
					t.Fatal(err)
				}
				table = append(table, order)
				t.Logf("%+v", order)
				if waiter.Module != "github.com/throttled-go/throttled" {
					return
				}
				want := waits.Order{
					Waiter: waiter.Name, Arrived: 100, Cancels: true,
					Ahead: time.Second, Behind: 2 * time.Second, After: 3 * time.Second,
				}
				if order != want || !order.MovedUp() || order.Lost() {
					t.Errorf("%+v, not %+v", order, want)
				}
			})
		})
	}
	if *out == "" {
		return
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*out, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCrowd: in a bubble nobody is late, and all are let out.
func TestCrowd(t *testing.T) {
	for _, waiter := range waits.All() {
		t.Run(waiter.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd, err := waits.MeasureCrowd(waiter, 100, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				if len(crowd.Late) != 100 || crowd.Quantile(0) != 0 || crowd.Quantile(1) != 0 {
					t.Errorf("%d let out, between %v and %v late", len(crowd.Late), crowd.Quantile(0), crowd.Quantile(1))
				}
			})
		})
	}
}

// BenchmarkCrowd: 10,000 who wait at one limiter for turns 100 µs apart.
func BenchmarkCrowd(b *testing.B) {
	for _, waiter := range waits.All() {
		b.Run(waiter.Name, func(b *testing.B) {
			var crowd waits.Crowd
			for b.Loop() {
				var err error
				if crowd, err = waits.MeasureCrowd(waiter, 10_000, 100*time.Microsecond); err != nil {
					b.Fatal(err)
				}
			}
			micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
			b.ReportMetric(micros(crowd.Quantile(0)), "first-µs")
			b.ReportMetric(micros(crowd.Quantile(0.5)), "p50-µs")
			b.ReportMetric(micros(crowd.Quantile(0.99)), "p99-µs")
			b.ReportMetric(micros(crowd.CPU), "cpu-µs/wait")
			b.ReportMetric(crowd.Bytes, "B/wait")
			b.ReportMetric(0, "ns/op")
		})
	}
}
