package replay_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// crowd returns requests of a few clients, no two at one instant, since in a
// bubble nobody can tell who of two comes first.
func crowd(seed uint64, start int64) *workload.Workload {
	r := rand.New(rand.NewPCG(seed, 7))
	w := &workload.Workload{}
	for key := range 3 {
		w.Keys = append(w.Keys, "key"+strconv.Itoa(key))
	}
	for range 90 {
		start += 1 + []int64{0, int64(time.Millisecond), r.Int64N(int64(100 * time.Millisecond)), int64(700 * time.Millisecond)}[r.IntN(4)]
		w.Requests = append(w.Requests, workload.Request{At: start, Cost: r.Int64N(6), Key: int32(r.IntN(3))})
	}
	return w
}

// really has the library itself wait, each request in a goroutine of its own,
// in a bubble where time is exact.
func really(t *testing.T, w *workload.Workload, quota throttled.Quota, algorithm throttled.Algorithm, deadline time.Duration) (waits map[int]time.Duration) {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: quota, Algorithm: algorithm, Store: throttled.Must(store.NewMemory(store.Options{}))}))
	type waited struct {
		request int
		wait    time.Duration
		ok      bool
	}
	answers := make(chan waited, len(w.Requests))
	for i, r := range w.Requests {
		go func() {
			time.Sleep(time.Until(time.Unix(0, r.At)))
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			began := time.Now()
			_, err := limiter.WaitN(ctx, w.Keys[r.Key], r.Cost)
			assert.True(t, err == nil || errors.Is(err, throttled.ErrLimited), err)
			answers <- waited{i, time.Since(began), err == nil}
		}()
	}
	waits = map[int]time.Duration{}
	for range w.Requests {
		if a := <-answers; a.ok {
			waits[a.request] = a.wait
		}
	}
	return waits
}

// TestWaitsAreThoseOfTheLibrary: each algorithm makes wait as many, and as
// long, as callers of the library really wait.
func TestWaitsAreThoseOfTheLibrary(t *testing.T) {
	for _, text := range []string{"3/s", "5/s burst 8", "7/2s; 20/m", "4/s burst 2"} {
		for algorithm := range throttled.SlidingWindow + 1 {
			t.Run(text+"/"+algorithm.String(), func(t *testing.T) {
				var waited, gaveUp int64
				for seed := range uint64(5) {
					synctest.Test(t, func(t *testing.T) {
						const deadline = 1500 * time.Millisecond
						quota := throttled.MustParseQuota(text)
						w := crowd(seed, time.Now().UnixNano())
						result, err := replay.Run(replay.Options{Workload: w, Quota: quota, Good: []bool{true, false, false}, Deadline: deadline})
						require.NoError(t, err)
						really := really(t, w, quota, algorithm, deadline)
						all := func(int32) bool { return true }
						first := func(key int32) bool { return key == 0 }
						require.Equal(t, replay.Waits{All: delays(w, really, all), Good: delays(w, really, first)}, *result.Outcomes[algorithm].Waits)
						waited += result.Outcomes[algorithm].Waits.All.Waited
						gaveUp += result.Outcomes[algorithm].Waits.All.GaveUp
					})
				}
				require.Positive(t, waited)
				require.Positive(t, gaveUp)
			})
		}
	}
}

// delays sums up what came of the requests of some clients.
func delays(w *workload.Workload, waits map[int]time.Duration, of func(key int32) bool) (d replay.Delays) {
	var served []time.Duration
	for i, r := range w.Requests {
		if !of(r.Key) {
			continue
		}
		wait, ok := waits[i]
		switch {
		case !ok:
			d.GaveUp++
			continue
		case wait > 0:
			d.Waited++
		}
		served = append(served, wait)
	}
	slices.Sort(served)
	d.Served = int64(len(served))
	// The least of them that so many percent do not exceed.
	least := func(percent int) time.Duration {
		for i, wait := range served {
			if (i+1)*100 >= percent*len(served) {
				return wait
			}
		}
		return 0
	}
	d.P50, d.P99, d.Longest = least(50), least(99), least(100)
	return d
}
