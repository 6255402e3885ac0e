package store_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// BenchmarkMemoryPerKey fills a store with a million keys of 16 bytes and
// reports the heap that each takes, the store's own copy of the key included.
// The README quotes it. Its ns/op is the time of a million inserts and of the
// collections around them, and no measure of a decision.
func BenchmarkMemoryPerKey(b *testing.B) {
	for _, bench := range []struct {
		name      string
		algorithm throttled.Algorithm
		quota     string
		key       string // for its number
	}{
		{"one_rate/15-byte_keys", throttled.TokenBucket, "100/d", "user:%010d"},
		{"one_rate", throttled.TokenBucket, "100/d", "user:%011d"},
		{"two_rates", throttled.TokenBucket, "100/d; 1000/w", "user:%011d"},
		{"two_sliding_windows", throttled.SlidingWindow, "100/d; 1000/w", "user:%011d"},
		{"eight_rates", throttled.TokenBucket, "1/d,2/d,3/d,4/d,5/d,6/d,7/d,8/d", "user:%011d"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			plan := throttled.Must(throttled.Config{
				Quota:     throttled.MustParseQuota(bench.quota),
				Algorithm: bench.algorithm,
			}.Plan())
			var perKey float64
			for b.Loop() {
				perKey = bytesPerKey(b, plan, bench.key)
			}
			b.ReportMetric(perKey, "heap-B/key")
		})
	}
}

// bytesPerKey returns the heap that a store holds for each of a million keys.
func bytesPerKey(b *testing.B, plan *throttled.Plan, key string) float64 {
	const keys = 1_000_000
	ctx := context.Background()
	before := heap()
	m, err := store.NewMemory(store.Options{MaxSize: keys})
	if err != nil {
		b.Fatal(err)
	}
	for i := range keys {
		req := throttled.Request{Plan: plan, Key: fmt.Sprintf(key, i), Op: throttled.OpLimit, Cost: 1}
		if _, err := m.Do(ctx, req); err != nil {
			b.Fatal(err)
		}
	}
	after := heap()
	if size := m.Stats().Size; size != keys {
		b.Fatalf("the store holds %d buckets of %d", size, keys)
	}
	return float64(after-before) / keys
}

// heap returns the bytes in use on the heap once all garbage is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what a sync.Pool held is freed by the second
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
