package redis

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// deny keeps the state of a bucket of 10/s that is charged so much, and was when
// Redis was asked.
func deny(t *testing.T, d *denials, l *law, key string, charged int64) {
	t.Helper()
	words := make([]int64, l.ticks.Words())
	const now = 1_000_000
	l.ticks.Limit(words, now, charged)
	d.keep(bucketName{l, key}, d.ask(), &answer{now: now, words: words})
}

func TestDenials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lawOfText(t, throttled.TokenBucket, "10/s")
		d := newDenials(100, time.Minute)
		name := bucketName{l, "k"}
		look := func(cost int64) (throttled.Result, bool) { return d.look(name, cost) }

		_, denied := look(1)
		require.False(t, denied, "nothing is known")
		deny(t, d, l, "k", 8)
		res, denied := look(3)
		require.True(t, denied)
		assert.Equal(t, throttled.State{Limit: 10, Remaining: 2, ResetAfter: 800 * time.Millisecond, RetryAfter: 100 * time.Millisecond}, res.State())
		_, denied = look(2)
		require.False(t, denied, "a cost for which there is room")

		time.Sleep(100*time.Millisecond - time.Microsecond)
		_, denied = look(3)
		require.True(t, denied)
		time.Sleep(time.Nanosecond) // the time since is rounded up
		_, denied = look(3)
		require.False(t, denied, "its turn")
		_, denied = look(4)
		require.True(t, denied)
	})
}

func TestDenialsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lawOfText(t, throttled.TokenBucket, "10/h")
		d := newDenials(100, 0)
		deny(t, d, l, "k", 10)
		time.Sleep(time.Second)
		_, denied := d.look(bucketName{l, "k"}, 1)
		require.True(t, denied)
		time.Sleep(time.Nanosecond)
		_, denied = d.look(bucketName{l, "k"}, 1)
		require.False(t, denied)
	})
}

func TestDenialsForget(t *testing.T) {
	l := lawOfText(t, throttled.TokenBucket, "10/h")
	d := newDenials(100, time.Hour)
	deny(t, d, l, "k", 10)
	deny(t, d, l, "other", 10)
	before := d.ask()
	d.forget(bucketName{l, "k"})
	_, denied := d.look(bucketName{l, "k"}, 1)
	require.False(t, denied)
	_, denied = d.look(bucketName{l, "other"}, 1)
	require.True(t, denied)

	words := make([]int64, l.ticks.Words())
	l.ticks.Limit(words, 0, 10)
	d.keep(bucketName{l, "k"}, before, &answer{words: words})
	_, denied = d.look(bucketName{l, "k"}, 1)
	require.False(t, denied, "it was asked for before something was given back")
}

// TestDenialsSize fills a cache, which never has more than its size and always
// what came last.
func TestDenialsSize(t *testing.T) {
	l := lawOfText(t, throttled.TokenBucket, "10/h")
	for size := range 10 {
		d := newDenials(size, time.Hour)
		if size == 0 {
			require.Nil(t, d)
			continue
		}
		for i := range 100 {
			key := fmt.Sprint(i)
			deny(t, d, l, key, 10)
			_, denied := d.look(bucketName{l, key}, 1)
			require.True(t, denied)
			require.LessOrEqual(t, len(d.newer)+len(d.older), size)
		}
		require.GreaterOrEqual(t, len(d.newer)+len(d.older), (size+1)/2)
	}
}

func TestDenialsServe(t *testing.T) {
	d := newDenials(1, 0)
	limit := throttled.Request{Op: throttled.OpLimit, Cost: 1}
	assert.True(t, d.serves(&limit))
	assert.False(t, (*denials)(nil).serves(&limit))
	for _, req := range []throttled.Request{
		{Op: throttled.OpLimit, Cost: 0},
		{Op: throttled.OpLimit, Cost: 1, Within: 1},
		{Op: throttled.OpWait, Cost: 1},
		{Op: throttled.OpPeek, Cost: 1},
		{Op: throttled.OpRefund, Cost: 1},
		{Op: throttled.OpReset, Cost: 1},
	} {
		assert.False(t, d.serves(&req), "%+v", req)
	}
}
