package store

import (
	"context"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// steppedBack returns t as it would read if the wall clock, but not the monotonic
// one, had been an hour behind when it was taken.
func steppedBack(t time.Time) time.Time {
	const secondsShift = 30 // a Time with a monotonic reading has its wall seconds there
	wall := (*uint64)(unsafe.Pointer(&t))
	*wall -= 3600 << secondsShift
	return t
}

// A deadline read off the wall clock says how much time is left, whatever steps the
// wall clock has made since the store was made.
func TestADeadlineIsWhatIsLeftOfIt(t *testing.T) {
	now := time.Now()
	epoch := steppedBack(now)
	require.Equal(t, time.Hour, now.Round(0).Sub(epoch.Round(0)), "the wall clock has stepped")
	require.Zero(t, now.Sub(epoch), "the monotonic clock has not")
	c := clock{epoch: epoch, unix: epoch.UnixNano()}

	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Minute).Round(0))
	defer cancel()
	last, err := c.last(ctx)
	require.NoError(t, err)
	require.LessOrEqual(t, last, c.now()+int64(time.Minute))
	require.Greater(t, last, c.now())
}

// A deadline that was reckoned from a reading of the monotonic clock needs no other to
// have its place.
func TestADeadlineHasItsPlaceOnTheClock(t *testing.T) {
	now := time.Now()
	c := clock{epoch: steppedBack(now), unix: 1000}
	for _, far := range []time.Duration{time.Minute, 1, -time.Minute} {
		last, err := c.last(due{t.Context(), now.Add(far)})
		require.NoError(t, err)
		require.EqualValues(t, 1000+far-1, last)
	}
}

// due is a context with a deadline, whose timer has not fired.
type due struct {
	context.Context
	deadline time.Time
}

func (d due) Deadline() (time.Time, bool) { return d.deadline, true }
