package redis

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// denied returns a bucket as it is read from the reply to a cost that was denied.
func denied(t *testing.T, quota, reply string, cost int64) (bucketName, *script.Bucket) {
	t.Helper()
	name := bucketName{planOf(t, quota), "k"}
	message, err := replyOf(t, reply).ToMessage()
	require.NoError(t, err)
	a := script.NewCall(name.plan.Operation(throttled.Request{Key: "k", Cost: cost})).Answers(message)[0]
	require.NoError(t, a.Err)
	require.False(t, a.Result.Allowed)
	return name, a.Bucket
}

// exhausted returns a bucket of 10 an hour that has just been used up.
func exhausted(t *testing.T) (bucketName, *script.Bucket) {
	t.Helper()
	return denied(t, "10/h", "return {struct.pack('<ddd', 0, 3601000000, 0), -1, 1000000}", 1)
}

// planOf returns the plan of a token bucket.
func planOf(t *testing.T, quota string) *plan {
	t.Helper()
	of, err := throttled.Config{Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	p, err := new(plans).of(of)
	require.NoError(t, err)
	return p
}

func TestDenyCache(t *testing.T) {
	name, bucket := denied(t, "10/s", "return {struct.pack('<ddd', 0, 1800000, 0), -1, 1000000}", 3)
	synctest.Test(t, func(t *testing.T) {
		d := newDenyCache(100, time.Minute)
		look := func(cost int64) (throttled.Result, bool) { return d.look(name, cost) }

		_, denied := look(1)
		require.False(t, denied, "nothing is known")
		d.keep(name, d.ask(), bucket)
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

func TestDenyCacheAge(t *testing.T) {
	name, bucket := exhausted(t)
	synctest.Test(t, func(t *testing.T) {
		d := newDenyCache(100, 0)
		d.keep(name, d.ask(), bucket)
		time.Sleep(time.Second)
		_, denied := d.look(name, 1)
		require.True(t, denied)
		time.Sleep(time.Nanosecond)
		_, denied = d.look(name, 1)
		require.False(t, denied)
	})
}

func TestDenyCacheForgets(t *testing.T) {
	name, bucket := exhausted(t)
	other := bucketName{name.plan, "other"}
	d := newDenyCache(100, time.Hour)
	d.keep(name, d.ask(), bucket)
	d.keep(other, d.ask(), bucket)
	before := d.ask()
	d.forget(name)
	_, denied := d.look(name, 1)
	require.False(t, denied)
	_, denied = d.look(other, 1)
	require.True(t, denied)

	d.keep(name, before, bucket)
	_, denied = d.look(name, 1)
	require.False(t, denied, "it was asked for before something was given back")
}

// TestDenyCacheSize: a cache never holds more than its size, and always what came
// last.
func TestDenyCacheSize(t *testing.T) {
	name, bucket := exhausted(t)
	for size := range 10 {
		d := newDenyCache(size, time.Hour)
		if size == 0 {
			require.Nil(t, d)
			continue
		}
		for i := range 100 {
			name.key = fmt.Sprint(i)
			d.keep(name, d.ask(), bucket)
			_, denied := d.look(name, 1)
			require.True(t, denied)
			require.LessOrEqual(t, len(d.newer)+len(d.older), size)
		}
		require.GreaterOrEqual(t, len(d.newer)+len(d.older), (size+1)/2)
	}
}

func TestDenyCacheServes(t *testing.T) {
	d := newDenyCache(1, 0)
	limit := throttled.Request{Op: throttled.OpLimit, Cost: 1}
	assert.True(t, d.serves(&limit))
	assert.False(t, (*denyCache)(nil).serves(&limit))
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
