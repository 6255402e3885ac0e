package table_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/charge"
	"github.com/throttled-go/throttled/internal/table"
)

// All who wait at closing are told so, once and in their order, and cannot leave
// any more; those who were granted just before are granted.
func TestDismiss(t *testing.T) {
	const lineLength = 100
	plan := planOf(t, throttled.LeakyBucket, "1/s burst 10")
	tab := table.New(10, false)
	join := func(key string, op throttled.Op) *table.Waiter {
		_, w, err := tab.Join(epoch, 1<<62, &throttled.Request{Plan: plan, Key: key, Op: op, Cost: 1}, nil)
		require.NoError(t, err)
		return w
	}
	var waiting []*table.Waiter
	for _, key := range []string{"a", "b"} {
		require.Nil(t, join(key, throttled.OpWait), "it is let out at once")
		var queue []*table.Waiter
		for range 9 {
			queue = append(queue, join(key, throttled.OpWait))
		}
		for range lineLength {
			waiting = append(waiting, join(key, throttled.OpLimit))
		}
		waiting = append(waiting, queue...)
	}
	require.EqualValues(t, len(waiting), tab.Stats().Waiting)
	now := int64(epoch + 1e9)
	tab.Settle(now)
	granted := map[*table.Waiter]bool{waiting[0]: true, waiting[lineLength]: true, waiting[lineLength+9]: true, waiting[2*lineLength+9]: true}

	tab.Dismiss()
	require.Zero(t, tab.Stats().Waiting)
	_, ok := tab.Next()
	require.False(t, ok)
	require.True(t, tab.Busy())
	for _, w := range waiting {
		require.False(t, tab.Leave(now, w))
	}
	var told []*table.Waiter
	for w := tab.Ready(); w != nil; w = w.Next() {
		res, err := w.Answer()
		if granted[w] {
			require.NoError(t, err)
			require.True(t, res.Allowed)
			continue
		}
		require.ErrorIs(t, err, throttled.ErrClosed)
		told = append(told, w)
	}
	var want []*table.Waiter
	for _, w := range waiting {
		if !granted[w] {
			want = append(want, w)
		}
	}
	require.ElementsMatch(t, want, told)
	if told[0] == want[0] {
		require.Equal(t, want, told, "key by key")
	}
	require.False(t, tab.Busy())
}

// A charge that is given back too late is no trouble.
func TestGiveBackAfterDismiss(t *testing.T) {
	plan := planOf(t, throttled.TokenBucket, "1/s")
	tab := table.New(10, false)
	var mark charge.Mark
	req := &throttled.Request{Plan: plan, Key: "k", Op: throttled.OpLimit, Cost: 1}
	_, err := tab.DoMarked(epoch, req, &mark)
	require.NoError(t, err)
	_, w, err := tab.Join(epoch, 1<<62, req, nil)
	require.NoError(t, err)
	tab.Dismiss()
	tab.GiveBack(epoch, &mark)
	require.Same(t, w, tab.Ready())
	_, err = w.Answer()
	require.ErrorIs(t, err, throttled.ErrClosed)
}
