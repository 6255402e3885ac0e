package record_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/workload"
	"github.com/throttled-go/throttled/tune/record"
)

// limiterWith returns a limiter of its own store that has the recorder's hook.
func limiterWith(t *testing.T, q throttled.Quota, algorithm throttled.Algorithm, r *record.Recorder) *sync.Limiter {
	limiter, err := sync.New(throttled.Config{
		Quota: q, Algorithm: algorithm, Hooks: []throttled.Hook{r.Hook}, Store: throttled.Must(store.NewMemory(store.Options{})),
	})
	require.NoError(t, err)
	return limiter
}

func newRecorder(t *testing.T, options record.Options) *record.Recorder {
	r, err := record.New(options)
	require.NoError(t, err)
	return r
}

func TestWhatIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := newRecorder(t, record.Options{Out: &out})
		limiter := limiterWith(t, throttled.PerHour(3), throttled.TokenBucket, r)
		for _, call := range []struct {
			key  string
			cost int64
		}{{"a", 1}, {`b "x", y`, 3}, {"a", 3}, {"two\nlines", 0}} {
			_, err := limiter.LimitN(t.Context(), call.key, call.cost)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		require.NoError(t, r.Close())
		require.Equal(t, `time,key,cost,allowed
946684800000000000,a,1,true
946684801000000000,"b ""x"", y",3,true
946684802000000000,a,3,false
946684803000000000,"""two\nlines""",0,true
`, out.String())
		require.Equal(t, record.Stats{Written: 4}, r.Stats())

		w, err := workload.ReadCSV(&out, workload.Columns{Time: "time", Key: []string{"key"}})
		require.NoError(t, err)
		require.Equal(t, []string{"a", `b "x", y`, `"two\nlines"`}, w.Keys)
		require.Zero(t, w.Unreadable.Count)
	})
}

// TestShadow: nobody is denied and nobody waits, whatever is decided.
func TestShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := newRecorder(t, record.Options{Out: &out, Shadow: true})
		limiter := limiterWith(t, throttled.PerHour(1), throttled.TokenBucket, r)
		began := time.Now()
		for range 3 {
			res, err := limiter.Limit(t.Context(), "a")
			require.NoError(t, err)
			require.True(t, res.Allowed)
			require.Zero(t, res.RetryAfter())
			res, err = limiter.Wait(t.Context(), "a")
			require.NoError(t, err)
			require.True(t, res.Allowed)
			require.NoError(t, limiter.Do(t.Context(), "a", func(context.Context) error { return nil }))
		}
		require.Zero(t, time.Since(began))
		require.NoError(t, r.Close())
		require.Equal(t, 1, strings.Count(out.String(), ",true"), "what was decided is written")
		require.Equal(t, 8, strings.Count(out.String(), ",false"))
	})
}

// broken is a store that is away.
type broken struct{ throttled.Store }

var errAway = errors.New("away")

func (broken) Do(context.Context, throttled.Request) (throttled.Result, error) {
	return throttled.Result{}, errAway
}

func TestErrors(t *testing.T) {
	for shadow, want := range map[bool]error{false: errAway, true: nil} {
		var out bytes.Buffer
		r := newRecorder(t, record.Options{Out: &out, Shadow: shadow})
		limiter, err := sync.New(throttled.Config{Store: broken{throttled.Must(store.NewMemory(store.Options{}))}, Hooks: []throttled.Hook{r.Hook}})
		require.NoError(t, err)
		res, err := limiter.Limit(t.Context(), "a")
		require.ErrorIs(t, err, want)
		require.Equal(t, shadow, res.Allowed)
		require.NoError(t, r.Close())
		require.Equal(t, shadow, strings.Contains(out.String(), ",a,1,false"))
	}
}

// TestEvery: a client is written whole or not at all.
func TestEvery(t *testing.T) {
	for name, secret := range map[string][]byte{"plain": nil, "hashed": []byte("0123456789abcdef")} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			r := newRecorder(t, record.Options{Out: &out, Every: 4, Secret: secret})
			limiter := limiterWith(t, throttled.PerHour(1000), throttled.TokenBucket, r)
			for range 3 {
				for key := range 400 {
					_, err := limiter.Limit(t.Context(), strconv.Itoa(key))
					require.NoError(t, err)
				}
			}
			require.NoError(t, r.Close())
			w, err := workload.ReadCSV(&out, workload.Columns{Time: "time", Key: []string{"key"}})
			require.NoError(t, err)
			require.Len(t, w.Requests, 3*len(w.Keys))
			require.Greater(t, len(w.Keys), 50)
			require.Less(t, len(w.Keys), 150)
		})
	}
}

func TestSecret(t *testing.T) {
	written := func(secret string) string {
		var out bytes.Buffer
		r := newRecorder(t, record.Options{Out: &out, Secret: []byte(secret)})
		limiter := limiterWith(t, throttled.PerHour(9), throttled.TokenBucket, r)
		for _, key := range []string{"ann", "bob", "ann"} {
			_, err := limiter.Limit(t.Context(), key)
			require.NoError(t, err)
		}
		require.NoError(t, r.Close())
		w, err := workload.ReadCSV(&out, workload.Columns{Time: "time", Key: []string{"key"}})
		require.NoError(t, err)
		require.Len(t, w.Requests, 3)
		require.Len(t, w.Keys, 2)
		return w.Keys[0]
	}
	one := written("0123456789abcdef")
	require.Equal(t, one, written("0123456789abcdef"))
	require.NotEqual(t, one, written("0123456789abcdeF"))
	require.Regexp(t, "^[0-9a-f]{32}$", one)
}

// slow is a writer that is stuck until it is let go.
type slow struct {
	bytes.Buffer
	free chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.free
	return s.Buffer.Write(p)
}

// TestBounds: neither a slow writer nor a long time makes it grow.
func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slow{free: make(chan struct{})}
		r := newRecorder(t, record.Options{Out: out, Backlog: 3})
		limiter := limiterWith(t, throttled.PerHour(1000), throttled.TokenBucket, r)
		ask := func(times int) {
			for range times {
				_, err := limiter.Limit(t.Context(), "a")
				require.NoError(t, err)
			}
		}
		ask(1)
		synctest.Wait() // the goroutine is stuck with the first
		ask(10)
		require.Equal(t, int64(7), r.Stats().Dropped)
		close(out.free)
		require.NoError(t, r.Close())
		require.Equal(t, record.Stats{Written: 4, Dropped: 7}, r.Stats())
		ask(1)
		require.Equal(t, record.Stats{Written: 4, Dropped: 8}, r.Stats(), "after Close the hook works and writes nothing")
		require.NoError(t, r.Close())
	})

	var out bytes.Buffer
	r := newRecorder(t, record.Options{Out: &out, Most: 2})
	limiter := limiterWith(t, throttled.PerHour(1000), throttled.TokenBucket, r)
	for range 5 {
		_, err := limiter.Limit(t.Context(), "a")
		require.NoError(t, err)
	}
	require.NoError(t, r.Close())
	require.Equal(t, record.Stats{Written: 2, Dropped: 3}, r.Stats())
	require.Equal(t, 3, strings.Count(out.String(), "\n"))
}

// failing is a disk that is full.
type failing struct{}

var errFull = errors.New("disk full")

func (failing) Write([]byte) (int, error) { return 0, errFull }

func TestAWriterThatFailsIsToldByClose(t *testing.T) {
	r := newRecorder(t, record.Options{Out: failing{}})
	limiter := limiterWith(t, throttled.PerHour(1000), throttled.TokenBucket, r)
	_, err := limiter.Limit(t.Context(), "a")
	require.NoError(t, err)
	require.ErrorIs(t, r.Close(), errFull)
}

func TestOptions(t *testing.T) {
	_, err := record.New(record.Options{Every: -1, Most: -2, Backlog: -3, Secret: []byte("short")})
	for _, want := range []string{"Out is nil", "Every is -1", "Most is -2", "Backlog is -3", "Secret has 5 bytes; it must have at least 16"} {
		require.ErrorContains(t, err, want)
	}
}

// TestTheCircle: what is recorded in the shadow finds a quota, and that quota
// set denies what it was said to deny when the same comes again.
func TestTheCircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// traffic asks for a quarter of an hour: twenty who look around, and one who takes all.
		traffic := func(limiter *sync.Limiter) (denied map[string]int) {
			denied = map[string]int{}
			random := rand.New(rand.NewPCG(4, 2))
			ask := func(key string) {
				res, err := limiter.Limit(t.Context(), key)
				require.NoError(t, err)
				if !res.Allowed {
					denied[key]++
				}
			}
			for range 15 * 60 {
				ask("copier")
				ask("copier")
				if random.IntN(2) == 0 {
					ask("visitor" + strconv.Itoa(random.IntN(20)))
				}
				time.Sleep(time.Second)
			}
			return denied
		}

		// 1. Record, with a limiter that denies nobody.
		var file bytes.Buffer
		r := newRecorder(t, record.Options{Out: &file, Shadow: true})
		require.Empty(t, traffic(limiterWith(t, throttled.PerMinute(60), throttled.TokenBucket, r)))
		require.NoError(t, r.Close())

		// 2. Tune.
		w, err := workload.ReadCSV(&file, workload.Columns{Time: "time", Key: []string{"key"}})
		require.NoError(t, err)
		found, err := quota.Search(t.Context(), quota.Options{Workload: w, Goal: quota.NoGoal})
		require.NoError(t, err)
		advised := found.Points[found.Chosen]
		require.Zero(t, advised.GoodClients)
		require.Equal(t, 1, advised.Others)

		// 3. Set, at the same time of the clock: whole days later, for the windows.
		time.Sleep(48*time.Hour - 15*time.Minute)
		r = newRecorder(t, record.Options{Out: &file})
		denied := traffic(limiterWith(t, advised.Quota, advised.Algorithm, r))
		require.NoError(t, r.Close())
		require.Len(t, denied, 1)
		require.Greater(t, denied["copier"], 1000)
	})
}
