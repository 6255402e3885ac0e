package load

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// paced returns a workload of n requests, so long apart.
func paced(n int, gap time.Duration) *workload.Workload {
	w := &workload.Workload{Keys: []string{"a", "b", "c"}}
	for i := range n {
		w.Requests = append(w.Requests, workload.Request{At: workload.Start.Add(time.Duration(i) * gap).UnixNano(), Cost: 1, Key: int32(i * i % 3)})
	}
	return w
}

// stalling is a limiter that takes a millisecond, and once a whole second.
type stalling struct{ calls int }

func (s *stalling) LimitN(context.Context, string, int64) (throttled.Result, error) {
	if s.calls++; s.calls == 11 {
		time.Sleep(time.Second)
	}
	time.Sleep(time.Millisecond)
	return throttled.Result{Allowed: s.calls%2 == 0}, nil
}

// TestLatenessCountsFromWhenARequestWasDue: while a store stands still, those
// that were due meanwhile are late too, and not only the one that was under way.
func TestLatenessCountsFromWhenARequestWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := paced(100, 100*time.Millisecond)
		o, err := drive(t.Context(), &stalling{}, w, 1, Pace{Times: 1}, func(int) {})
		require.NoError(t, err)

		// The same on paper: one caller, each request begins when it is due or when the one before is answered.
		var late []time.Duration
		var free time.Duration
		for i := range 100 {
			due := time.Duration(i) * 100 * time.Millisecond
			takes := time.Millisecond
			if i == 10 {
				takes += time.Second
			}
			free = max(free, due) + takes
			late = append(late, free-due)
		}
		slices.Sort(late)
		require.Equal(t, Outcome{
			Elapsed: free, Allowed: 50, Denied: 50, P50: late[49], P99: late[98], P999: late[99], Greatest: late[99],
		}, o)
		require.Greater(t, o.P99, 900*time.Millisecond)
	})

	synctest.Test(t, func(t *testing.T) {
		o, err := drive(t.Context(), &stalling{}, paced(100, 100*time.Millisecond), 1, Pace{}, func(int) {})
		require.NoError(t, err)
		require.Equal(t, time.Millisecond, o.P99, "as fast as it goes, each counts from its own call")
		require.Equal(t, 1001*time.Millisecond, o.Greatest)
		require.Equal(t, 1100*time.Millisecond, o.Elapsed)
	})
}

// TestDecisionsAreThoseOfTheReplay: at the pace of the workload a real store
// allows just what a replay says.
func TestDecisionsAreThoseOfTheReplay(t *testing.T) {
	for algorithm := range throttled.SlidingWindow + 1 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(workload.Start)) // for the windows
			quota := throttled.MustParseQuota("3/s; 9/10s")
			w := paced(300, 70*time.Millisecond)
			expected, err := replay.Run(replay.Options{Workload: w, Quota: quota})
			require.NoError(t, err)
			limiter := throttled.Must(sync.New(throttled.Config{Quota: quota, Algorithm: algorithm, Store: throttled.Must(store.NewMemory(store.Options{}))}))
			steps := 0
			o, err := drive(t.Context(), limiter, w, 4, Pace{Times: 1}, func(n int) { steps += n })
			require.NoError(t, err)
			require.Equal(t, expected.Outcomes[algorithm].Totals.Allowed, o.Allowed)
			require.Equal(t, expected.Outcomes[algorithm].Totals.Denied, o.Denied)
			require.Equal(t, 299*70*time.Millisecond, o.Elapsed)
			require.Zero(t, o.Greatest)
			require.Greater(t, steps, 290, "all but the last few")
		})
	}
}

// failing is a store that is away.
type failing struct{}

var errAway = errors.New("away")

func (failing) LimitN(context.Context, string, int64) (throttled.Result, error) {
	return throttled.Result{}, errAway
}

func TestErrorsAndEnds(t *testing.T) {
	o, err := drive(t.Context(), failing{}, paced(5, 0), 2, Pace{}, func(int) {})
	require.NoError(t, err)
	require.Equal(t, int64(5), o.Errors)
	require.Equal(t, errAway, o.FirstError)
	require.Zero(t, o.Decisions())

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := drive(ctx, &stalling{}, paced(100, time.Hour), 1, Pace{Times: 2}, func(int) {})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestParseCommands(t *testing.T) {
	require.Equal(t, commands{calls: 10, micros: 105}, parseCommands("# Commandstats\r\ncmdstat_evalsha:calls=7,usec=99,usec_per_call=14.14,rejected_calls=0,failed_calls=2\r\n"+
		"cmdstat_eval:calls=5,usec=6,usec_per_call="+strconv.Itoa(1)+"\r\ncmdstat_get:calls=100,usec=100\r\nnonsense\r\ncmdstat_fcall:calls=x\r\n"))
}
