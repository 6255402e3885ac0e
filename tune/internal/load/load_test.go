package load_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/tune/internal/load"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m).Run()) }

var errNo = errors.New("no")

// options drive a store with 500 requests of 10 clients.
func options(t *testing.T, store, prefix string) load.Options {
	w, err := workload.Described{Keys: 10, Requests: 500, Per: time.Second, MinCost: 1, MaxCost: 1, For: time.Second, Seed: 3}.Generate()
	require.NoError(t, err)
	return load.Options{
		Workload: w, Store: store, Prefix: prefix,
		Settings: []load.Settings{{Quota: throttled.PerHour(5), Callers: 1}, {Quota: throttled.PerHour(5), Callers: 1, DenyCache: 100}},
		Confirm:  func(string) error { return errNo },
		Step:     func(int) {},
	}
}

func client(t *testing.T, url string) rueidis.Client {
	c, err := rueidis.NewClient(rueidis.MustParseURL(url))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func keys(t *testing.T, c rueidis.Client, prefix string) []string {
	all, err := c.Do(t.Context(), c.B().Keys().Pattern(prefix+":*").Build()).AsStrSlice()
	require.NoError(t, err)
	return all
}

// TestRedis: the store is driven, what it costs is told, and no key is left.
func TestRedis(t *testing.T) {
	url := redistest.Shared(t).URL()
	runs, err := load.Do(t.Context(), options(t, url, "plain"))
	require.NoError(t, err)
	require.Len(t, runs, 2)
	for _, run := range runs {
		require.Equal(t, int64(10*5), run.Allowed)
		require.Zero(t, run.Errors)
		require.Positive(t, run.Redis.Micros)
		require.Positive(t, run.Redis.KeyBytes)
	}
	requests := runs[0].Decisions()
	require.Equal(t, requests, runs[0].Redis.Calls, "one caller, one call for each")
	require.GreaterOrEqual(t, runs[1].Redis.Calls, int64(10*(5+1)), "what is allowed is asked for, and the first denial of a key")
	require.Less(t, runs[1].Redis.Calls, requests)
	require.Equal(t, requests, runs[1].Decisions())
	require.Empty(t, keys(t, client(t, url), "plain"))
}

func TestCluster(t *testing.T) {
	o := options(t, redistest.SharedCluster(t).URL(), "cluster")
	runs, err := load.Do(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, runs[0].Decisions(), runs[0].Redis.Calls)
	require.Positive(t, runs[0].Redis.KeyBytes)
	o.Settings, o.Confirm = o.Settings[:1], func(question string) error { return errors.New(question) }
	_, err = load.Do(t.Context(), o)
	require.NoError(t, err, "nothing was left")
}

// TestKeysThatAreThereAlready are not touched unless somebody says so.
func TestKeysThatAreThereAlready(t *testing.T) {
	url := redistest.Shared(t).URL()
	c := client(t, url)
	require.NoError(t, c.Do(t.Context(), c.B().Set().Key("taken:x").Value("1").Build()).Error())
	o := options(t, url, "taken")
	var asked string
	o.Confirm = func(question string) error {
		asked = question
		return errNo
	}
	_, err := load.Do(t.Context(), o)
	require.ErrorIs(t, err, errNo)
	require.Equal(t, `this Redis has 1 keys of the prefix "taken" already, like "taken:x"; they would be deleted`, asked)
	require.Equal(t, []string{"taken:x"}, keys(t, c, "taken"))

	o.Confirm = func(string) error { return nil }
	_, err = load.Do(t.Context(), o)
	require.NoError(t, err)
	require.Empty(t, keys(t, c, "taken"))
}

// TestInterruptedLeavesNoKeys: who stops it finds the Redis as it was.
func TestInterruptedLeavesNoKeys(t *testing.T) {
	url := redistest.Shared(t).URL()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(t, url, "stopped")
	o.Workload.Requests[len(o.Workload.Requests)-1].At += int64(time.Hour)
	o.Pace.Times = 1
	o.Step = func(int) { cancel() }
	_, err := load.Do(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, keys(t, client(t, url), "stopped"))
}

func TestMemory(t *testing.T) {
	for _, store := range []string{"memory", "actor"} {
		o := options(t, store, "x")
		o.MaxSize = 4
		runs, err := load.Do(t.Context(), o)
		require.NoError(t, err)
		require.Nil(t, runs[0].Redis)
		require.Positive(t, runs[0].Evictions)
		require.Equal(t, int64(len(o.Workload.Requests)), runs[0].Decisions())
	}
	_, err := load.Do(t.Context(), options(t, "stone", "x"))
	require.ErrorContains(t, err, `-store is "stone"; it must be memory, actor or the URL of a Redis`)
}

func TestNoRedis(t *testing.T) {
	_, err := load.Do(t.Context(), options(t, "redis://127.0.0.1:1", "x"))
	require.Error(t, err)
}
