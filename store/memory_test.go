package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newMemory(t, store.Options{}) })
}

func newMemory(t *testing.T, options store.Options) *store.Memory {
	m, err := store.NewMemory(options)
	require.NoError(t, err)
	return m
}

// memoryBundle is a store and a quota: of five, one of which comes back in an hour.
type memoryBundle struct {
	*store.Memory
	t    *testing.T
	plan *throttled.Plan
}

// memoryBubble runs test, with a store of options, in a bubble.
func memoryBubble(t *testing.T, options store.Options, test func(t *testing.T, b *memoryBundle)) {
	synctest.Test(t, func(t *testing.T) {
		b := &memoryBundle{newMemory(t, options), t, planOf(t, throttled.TokenBucket, "24/d burst 5")}
		defer b.Close()
		test(t, b)
	})
}

func planOf(t *testing.T, a throttled.Algorithm, quota string) *throttled.Plan {
	plan, err := throttled.Config{Algorithm: a, Quota: throttled.MustParseQuota(quota)}.Plan()
	require.NoError(t, err)
	return plan
}

func (b *memoryBundle) do(op throttled.Op, key string, cost int64) (throttled.Result, error) {
	req := throttled.Request{Plan: b.plan, Key: key, Op: op, Cost: cost}
	if op == throttled.OpWait {
		req.Within = throttled.Never
	}
	return b.Do(b.t.Context(), req)
}

// take requires that cost is allowed at key.
func (b *memoryBundle) take(key string, cost int64) {
	b.t.Helper()
	res, err := b.do(throttled.OpLimit, key, cost)
	require.NoError(b.t, err)
	require.True(b.t, res.Allowed)
}

// left returns what is left at key, which is not thereby used.
func (b *memoryBundle) left(key string) int64 {
	res, err := b.do(throttled.OpPeek, key, 1)
	require.NoError(b.t, err)
	return res.Remaining()
}

// wait starts a Wait in a goroutine of its own and returns what gives its error.
func (b *memoryBundle) wait(ctx context.Context, key string, cost int64) <-chan error {
	answered := make(chan error, 1)
	go func() {
		_, err := b.Do(ctx, throttled.Request{Plan: b.plan, Key: key, Op: throttled.OpWait, Cost: cost, Within: throttled.Never})
		answered <- err
	}()
	synctest.Wait()
	return answered
}

func TestMemoryOptionsOutOfRange(t *testing.T) {
	const maxSize, whenFull = "MaxSize is -1; it must be from 1 to 268435456, or 0 for 1024", "WhenFull is 2; it must be EvictLRU or DenyNew"
	for _, c := range []struct {
		options store.Options
		texts   []string
	}{
		{store.Options{MaxSize: -1}, []string{maxSize}},
		{store.Options{MaxSize: 1<<28 + 1}, []string{"MaxSize is 268435457"}},
		{store.Options{WhenFull: 2}, []string{whenFull}},
		{store.Options{MaxSize: -1, WhenFull: 2}, []string{maxSize, whenFull}},
	} {
		m, err := store.NewMemory(c.options)
		assert.Nil(t, m)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig)
		for _, text := range c.texts {
			assert.ErrorContains(t, err, "throttled: invalid config: "+text)
		}
	}
}

func TestMemoryHas1024PlacesUnlessToldOtherwise(t *testing.T) {
	memoryBubble(t, store.Options{}, func(t *testing.T, b *memoryBundle) {
		for i := range store.DefaultMaxSize + 1 {
			b.take(fmt.Sprint(i), 1)
		}
		assert.Equal(t, "memory", b.Kind())
		assert.Equal(t, store.Stats{Misses: 1025, Evictions: 1, Size: 1024}, b.Stats())
	})
}

func TestMemoryDeniesNewKeysWhenFull(t *testing.T) {
	memoryBubble(t, store.Options{MaxSize: 2, WhenFull: store.DenyNew}, func(t *testing.T, b *memoryBundle) {
		b.take("a", 1)
		b.take("b", 2)
		for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait} {
			_, err := b.do(op, "c", 1)
			assert.ErrorIs(t, err, throttled.ErrFull)
		}
		b.take("c", 0)
		assert.EqualValues(t, 5, b.left("c"), "Peek needs no place")
		assert.EqualValues(t, 4, b.left("a"))
		b.take("b", 1)

		_, err := b.do(throttled.OpReset, "b", 0)
		require.NoError(t, err)
		b.take("c", 2)
		_, err = b.do(throttled.OpLimit, "d", 1)
		require.ErrorIs(t, err, throttled.ErrFull)

		time.Sleep(time.Hour - time.Nanosecond)
		_, err = b.do(throttled.OpLimit, "d", 1)
		require.ErrorIs(t, err, throttled.ErrFull, "a is live for one more nanosecond")
		time.Sleep(time.Nanosecond)
		b.take("d", 1)
		assert.Equal(t, int64(0), b.Stats().Evictions)
	})
}

func TestMemoryEvictsWhatWasNotUsedForTheLongestTime(t *testing.T) {
	const size, keys = 8, 20
	memoryBubble(t, store.Options{MaxSize: size}, func(t *testing.T, b *memoryBundle) {
		b.plan = planOf(t, throttled.TokenBucket, "1000000/w burst 1000000") // one back in 0.6 s
		random := rand.New(rand.NewPCG(1, 2))
		var used []int // the live keys, the newest last
		evictions := int64(0)
		for range 3000 {
			i := random.IntN(keys)
			before := slices.Index(used, i)
			switch op := random.IntN(5); {
			case op == 0:
				b.left(fmt.Sprint(i)) // is no use
				continue
			case op == 1 && before < 0: // a denied key that is new gets no place
				res, err := b.do(throttled.OpLimit, fmt.Sprint(i), 1000001)
				require.NoError(t, err)
				require.False(t, res.Allowed)
				continue
			case op == 1: // a denial is a use
				_, err := b.do(throttled.OpLimit, fmt.Sprint(i), 1000000)
				require.NoError(t, err)
			default:
				b.take(fmt.Sprint(i), 1000)
			}
			if before >= 0 {
				used = slices.Delete(used, before, before+1)
			}
			if used = append(used, i); len(used) > size {
				used = used[1:]
				evictions++
			}
			for i := range keys {
				require.Equal(t, slices.Contains(used, i), b.left(fmt.Sprint(i)) < 1000000, "key %d", i)
			}
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, evictions, b.Stats().Evictions)
		require.Greater(t, evictions, int64(500))
	})
}

func TestMemoryDropsTheExpiredBeforeTheLive(t *testing.T) {
	memoryBubble(t, store.Options{MaxSize: 3}, func(t *testing.T, b *memoryBundle) {
		b.take("oldest", 5)
		b.take("old", 5)
		b.take("newest", 1)
		time.Sleep(time.Hour) // the newest is as good as fresh now
		b.take("new", 1)
		assert.EqualValues(t, 1, b.left("oldest"))
		assert.EqualValues(t, 1, b.left("old"))
		assert.Equal(t, store.Stats{Hits: 2, Misses: 4, Expirations: 1, Size: 3}, b.Stats())
		b.take("one too many", 1)
		assert.EqualValues(t, 5, b.left("oldest"))
		assert.EqualValues(t, 1, b.Stats().Evictions)
	})
}

func TestMemoryStats(t *testing.T) {
	memoryBubble(t, store.Options{MaxSize: 2}, func(t *testing.T, b *memoryBundle) {
		var want store.Stats
		is := func(what string) {
			t.Helper()
			assert.Equal(t, want, b.Stats(), what)
		}
		is("new")
		b.left("a")
		want.Misses++
		is("Peek of an unknown key")
		b.take("a", 5)
		want.Misses++
		want.Size++
		is("the first use")
		b.take("a", 0)
		b.left("a")
		want.Hits += 2
		is("two hits")
		answered := b.wait(t.Context(), "a", 1)
		want.Hits++
		want.Waiting++
		is("somebody waits")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.NoError(t, <-answered)
		want.Waiting--
		is("nobody waits any more")
		b.take("b", 1)
		b.take("c", 1)
		want.Misses += 2
		want.Size++
		want.Evictions++
		is("a live bucket had to go")
		time.Sleep(time.Hour)
		is("two expired and were not found out")
		b.take("c", 1)
		want.Misses++
		want.Expirations++
		is("one was, and is used anew")
		b.do(throttled.OpReset, "c", 0)
		want.Hits++
		want.Size--
		is("a reset frees the place")
	})
}

// A bucket that expired is dropped once, however often it is asked for what
// leaves it as good as fresh.
func TestMemoryCountsAnExpirationOnce(t *testing.T) {
	for _, cost := range []int64{0, 6} { // 6 is above the capacity
		memoryBubble(t, store.Options{}, func(t *testing.T, b *memoryBundle) {
			b.take("a", 1)
			time.Sleep(time.Hour)
			for range 3 {
				_, err := b.do(throttled.OpLimit, "a", cost)
				require.NoError(t, err)
			}
			assert.EqualValues(t, 1, b.Stats().Expirations, "cost %d", cost)
		})
	}
}

func TestMemoryGivesNoPlaceToWhatStaysFresh(t *testing.T) {
	for _, a := range []throttled.Algorithm{
		throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
	} {
		memoryBubble(t, store.Options{}, func(t *testing.T, b *memoryBundle) {
			b.plan = planOf(t, a, "5/h")
			for i, req := range []throttled.Request{
				{Op: throttled.OpPeek, Cost: 1},
				{Op: throttled.OpLimit, Cost: 0},
				{Op: throttled.OpLimit, Cost: 6},
				{Op: throttled.OpWait, Cost: 0},
				{Op: throttled.OpWait, Cost: 6},
				{Op: throttled.OpRefund, Cost: 3},
				{Op: throttled.OpReset},
			} {
				_, err := b.do(req.Op, fmt.Sprint(i), req.Cost)
				require.NoError(t, err)
				assert.EqualValues(t, 0, b.Stats().Size, "%v: request %d", a, i)
			}
		})
	}
}

func TestMemoryNeverEvictsWhereSomebodyWaits(t *testing.T) {
	memoryBubble(t, store.Options{MaxSize: 2}, func(t *testing.T, b *memoryBundle) {
		b.take("a", 5)
		first := b.wait(t.Context(), "a", 1)
		b.take("b", 5)
		b.take("c", 5)
		assert.EqualValues(t, 5, b.left("b"), "b had to go, though a is older")
		ctx, cancel := context.WithCancel(t.Context())
		second := b.wait(ctx, "c", 1)
		for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait} {
			_, err := b.do(op, "d", 1)
			assert.ErrorIs(t, err, throttled.ErrFull)
		}
		cancel()
		require.ErrorIs(t, <-second, context.Canceled)
		b.take("d", 1)
		assert.EqualValues(t, 5, b.left("c"), "nobody waits at it any more")
		time.Sleep(time.Hour)
		require.NoError(t, <-first)
		assert.EqualValues(t, 0, b.left("a"))
		assert.EqualValues(t, 2, b.Stats().Evictions)
	})
}

func TestMemoryKeepsItsOwnCopyOfTheKey(t *testing.T) {
	memoryBubble(t, store.Options{}, func(t *testing.T, b *memoryBundle) {
		buffer := []byte("user:42")
		b.take(unsafe.String(&buffer[0], len(buffer)), 5)
		copy(buffer, "another")
		assert.EqualValues(t, 0, b.left("user:42"))
		assert.EqualValues(t, 5, b.left("another"))
	})
}

func TestMemoryAllocatesNothingForAPresentKey(t *testing.T) {
	for _, a := range []throttled.Algorithm{
		throttled.TokenBucket, throttled.LeakyBucket, throttled.GCRA, throttled.FixedWindow, throttled.SlidingWindow,
	} {
		for _, quota := range []string{"1000000/h", "7/h", "1000000/h; 2000000/d", "7/h; 9/d"} {
			b := &memoryBundle{newMemory(t, store.Options{}), t, planOf(t, a, quota)}
			ctx := t.Context()
			for _, cost := range []int64{0, 1, 5, 2000001} {
				for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpPeek} {
					b.take("user:42", 1)
					req := throttled.Request{Plan: b.plan, Key: "user:42", Op: op, Cost: cost}
					allocs := testing.AllocsPerRun(100, func() { b.Do(ctx, req) })
					assert.Zero(t, allocs, "%v %s: op %d of cost %d", a, quota, op, cost)
					b.do(throttled.OpReset, "user:42", 0)
				}
			}
		}
	}
}

func TestMemoryLeavesNoGoroutine(t *testing.T) {
	b := &memoryBundle{newMemory(t, store.Options{}), t, planOf(t, throttled.TokenBucket, "24/d burst 5")}
	b.take("a", 5)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			req := throttled.Request{Plan: b.plan, Key: "a", Op: throttled.OpWait, Cost: 1, Within: throttled.Never}
			if i%2 == 0 {
				_, err := b.Do(ctx, req)
				assert.ErrorIs(t, err, context.Canceled)
				return
			}
			_, err := b.Do(t.Context(), req)
			assert.ErrorIs(t, err, throttled.ErrClosed)
		})
	}
	for b.Stats().Waiting < 8 {
		runtime.Gosched()
	}
	cancel()
	for b.Stats().Waiting > 4 {
		runtime.Gosched()
	}
	require.NoError(t, b.Close())
	group.Wait()
	goleak.VerifyNone(t)
}

// A close among calls of all kinds: each is answered, and with ErrClosed if
// not before it.
func TestMemoryCloseHammered(t *testing.T) {
	memoryBubble(t, store.Options{}, func(t *testing.T, b *memoryBundle) {
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				for n := range 50 {
					if i < 10 && n == 25 {
						assert.NoError(t, b.Close())
						return
					}
					op := []throttled.Op{throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpRefund, throttled.OpReset}[(i+n)%5]
					if _, err := b.do(op, fmt.Sprint(n%3), 1); err != nil {
						assert.ErrorIs(t, err, throttled.ErrClosed)
					}
				}
			})
		}
		group.Wait()
		_, err := b.do(throttled.OpPeek, "0", 1)
		assert.Equal(t, throttled.ErrClosed, err)
		assert.Zero(t, b.Stats().Waiting)
	})
}
