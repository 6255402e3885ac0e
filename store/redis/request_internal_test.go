package redis

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

const (
	gaveUpUnsent   = "throttled: gave up before Redis was asked: context canceled: shutting down"
	gaveUpSent     = "throttled: gave up before Redis answered: context canceled: shutting down"
	gaveUpWaiting  = `throttled: gave up waiting for key "k": context canceled: shutting down`
	notSent        = "throttled: store unavailable: not sent within 1s, because Redis has not answered the requests before"
	notAnswered    = "throttled: store unavailable: Redis did not answer within 1s"
	breakerIsOpen  = "throttled: store unavailable: its circuit breaker is open after commands that Redis did not answer"
	clientHasError = "throttled: store unavailable: connection refused"
)

// TestEnds: each way in which a request can end without an answer of Redis has
// its error, at its time.
func TestEnds(t *testing.T) {
	place, refusal := replyOf(t, "return {struct.pack('<ddd', 0, 3600000000, 0), 3600000000, 0}"), replyOf(t, "return redis.error_reply('OOM no room')")
	nothing := replyOf(t, "return 1")
	full := func(s *Store, t *testing.T) {
		for range maxCalls {
			submit(t.Context(), s, once(t, throttled.OpLimit))
		}
	}
	for name, tt := range map[string]struct {
		answer  func(context.Context, []string) rueidis.RedisResult
		before  func(s *Store, t *testing.T)
		cancels bool
		after   time.Duration
		err     string
	}{
		"its context ends before it is sent":   {answer: hang, before: full, cancels: true, after: 500 * time.Millisecond, err: gaveUpUnsent},
		"its context ends when it is sent":     {answer: hang, cancels: true, after: 500 * time.Millisecond, err: gaveUpSent},
		"its context ends when it has a place": {answer: always(place), cancels: true, after: 500 * time.Millisecond, err: gaveUpWaiting},
		"its time is up before it is sent":     {answer: hang, before: full, after: time.Second, err: notSent},
		"its time is up when it is sent":       {answer: hang, after: time.Second, err: notAnswered},
		"there is no connection":               {answer: always(rueidis.NewErrorResult(errors.New("connection refused"))), err: clientHasError},
		"Redis refuses":                        {answer: always(refusal), err: "throttled: store unavailable: OOM no room"},
		"the reply makes no sense":             {answer: always(nothing), err: "makes no sense"},
		"the store is closed":                  {answer: hang, before: func(s *Store, t *testing.T) { require.NoError(t, s.Close()) }, err: "throttled: store closed"},
		"the store is closed when it has a place": {answer: always(place), before: func(s *Store, _ *testing.T) {
			time.AfterFunc(500*time.Millisecond, func() { _ = s.Close() })
		}, after: 500 * time.Millisecond, err: "throttled: store closed"},
		"the breaker is open": {answer: hang, before: func(s *Store, t *testing.T) {
			for range 10 {
				submit(t.Context(), s, once(t, throttled.OpLimit))
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}, err: breakerIsOpen},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, s *Store, redis *stub) {
				redis.answer = tt.answer
				if tt.before != nil {
					tt.before(s, t)
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				answer := submit(ctx, s, once(t, throttled.OpWait))
				if tt.cancels {
					time.Sleep(tt.after)
					cancel(errors.New("shutting down"))
				}
				got := <-answer
				require.ErrorContains(t, got.Err, tt.err)
				assert.Equal(t, tt.after, got.after)
				assert.Equal(t, tt.cancels, errors.Is(got.Err, context.Canceled))
			})
		})
	}
}

// TestADeadlineThatHasPassed: it ends a request even where the context has not
// noticed yet.
func TestADeadlineThatHasPassed(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Store, redis *stub) {
		_, err := s.Do(unaware{t.Context()}, once(t, throttled.OpWait))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, redis.sent())
	})
}

// TestADeadlineFarAway: a deadline may be later than any clock of a process can
// be.
func TestADeadlineFarAway(t *testing.T) {
	granted := replyOf(t, "return {false, 0, 0}")
	inBubble(t, Options{}, func(t *testing.T, s *Store, redis *stub) {
		redis.answer = always(granted)
		time.Sleep(time.Second)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().AddDate(1000, 0, 0))
		defer cancel()
		res, err := s.Do(ctx, once(t, throttled.OpWait))
		require.NoError(t, err)
		require.True(t, res.Allowed)
	})
}

// unaware is a context that does not know that its deadline has passed.
type unaware struct{ context.Context }

func (unaware) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

// TestTimeoutBoundsEveryCall: a crowd comes, at once and later, to a Redis that
// hangs. Every request is answered when its time is up, whether it is sent alone,
// in a batch or not at all, and even if the client returns later.
func TestTimeoutBoundsEveryCall(t *testing.T) {
	for _, late := range []time.Duration{0, 1500 * time.Millisecond} {
		t.Run(late.String(), func(t *testing.T) {
			inBubble(t, Options{Breaker: Breaker{Disabled: true}}, func(t *testing.T, s *Store, redis *stub) {
				redis.answer = func(ctx context.Context, cmd []string) rueidis.RedisResult {
					defer time.Sleep(late)
					return hang(ctx, cmd)
				}
				const callers = maxInFlight + 200
				took := make(chan time.Duration, callers)
				for i := range callers {
					go func() {
						time.Sleep(time.Duration(i%10) * 300 * time.Millisecond)
						began := time.Now()
						_, err := s.Do(t.Context(), once(t, throttled.OpLimit))
						assert.ErrorIs(t, err, throttled.ErrStoreUnavailable)
						took <- time.Since(began)
					}()
				}
				for range callers {
					require.LessOrEqual(t, <-took, time.Second)
				}
			})
		})
	}
}

// TestWhoLeavesBeforeSendingIsNotSent: a caller who gives up in the queue is
// charged nothing.
func TestWhoLeavesBeforeSendingIsNotSent(t *testing.T) {
	inBubble(t, Options{Timeout: time.Hour, Breaker: Breaker{Disabled: true}}, func(t *testing.T, s *Store, redis *stub) {
		for range maxCalls {
			submit(t.Context(), s, once(t, throttled.OpLimit))
		}
		ctx, cancel := context.WithCancel(t.Context())
		leaves := submit(ctx, s, once(t, throttled.OpLimit))
		cancel()
		require.ErrorIs(t, (<-leaves).Err, context.Canceled)
		require.NoError(t, s.Close())
		require.Len(t, redis.sent(), maxCalls)
	})
}

// TestSubmitBlocks: Submit blocks while too many requests are on their way, until
// its context ends or the time is up.
func TestSubmitBlocks(t *testing.T) {
	inBubble(t, Options{Breaker: Breaker{Disabled: true}}, func(t *testing.T, s *Store, _ *stub) {
		var returned atomic.Int64
		answer := func(throttled.Result, error) {}
		for range maxInFlight {
			s.Submit(t.Context(), once(t, throttled.OpLimit), answer)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		for _, ctx := range []context.Context{ctx, t.Context()} {
			go func() {
				s.Submit(ctx, once(t, throttled.OpLimit), answer)
				returned.Add(1)
			}()
		}
		for after, want := range []int64{0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2} {
			synctest.Wait()
			require.Equal(t, want, returned.Load(), "after %d00 ms", after)
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// TestBreakerTriesWithOneCaller: while Redis still hangs, one of those who come
// together is held, and the others are answered at once.
func TestBreakerTriesWithOneCaller(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Store, redis *stub) {
		for range 10 {
			submit(t.Context(), s, once(t, throttled.OpLimit))
		}
		time.Sleep(time.Second + defaultBreakerCooldown + 1)
		before := len(redis.sent())
		const callers = 50
		took := make(chan time.Duration, callers)
		for range callers {
			go func() {
				began := time.Now()
				_, err := s.Do(t.Context(), once(t, throttled.OpLimit))
				assert.ErrorIs(t, err, throttled.ErrStoreUnavailable)
				took <- time.Since(began)
			}()
		}
		for range callers - 1 {
			require.Zero(t, <-took)
		}
		require.Equal(t, time.Second, <-took)
		require.Len(t, redis.sent(), before+1)
	})
}

// TestBreakerOpensBeforeTheLastIsAnswered: whoever calls when the tenth has
// failed finds the breaker open, however soon.
func TestBreakerOpensBeforeTheLastIsAnswered(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *Store, redis *stub) {
		redis.answer = func(ctx context.Context, cmd []string) rueidis.RedisResult {
			defer time.Sleep(time.Millisecond) // a client that is busy with others
			return hang(ctx, cmd)
		}
		again := make(chan (<-chan heard), 10)
		for range 10 {
			s.Submit(t.Context(), once(t, throttled.OpLimit), func(throttled.Result, error) {
				next := make(chan heard, 1)
				began := time.Now()
				s.Submit(t.Context(), once(t, throttled.OpLimit), func(res throttled.Result, err error) {
					next <- heard{throttled.Outcome{Result: res, Err: err}, time.Since(began)}
				})
				again <- next
			})
		}
		var last heard
		for range 10 {
			last = <-<-again
		}
		require.EqualError(t, last.Err, breakerIsOpen)
		require.Zero(t, last.after)
	})
}

// TestBreakerAnswersTheQueue: a request that is queued when the breaker opens is
// answered then, and not when its time is up.
func TestBreakerAnswersTheQueue(t *testing.T) {
	inBubble(t, Options{Breaker: Breaker{Failures: maxCalls}}, func(t *testing.T, s *Store, redis *stub) {
		for range maxCalls {
			submit(t.Context(), s, once(t, throttled.OpLimit))
		}
		time.Sleep(900 * time.Millisecond)
		got := <-submit(t.Context(), s, once(t, throttled.OpLimit))
		require.EqualError(t, got.Err, breakerIsOpen)
		require.Equal(t, 100*time.Millisecond, got.after)
		require.Len(t, redis.sent(), maxCalls)
	})
}

// TestWithinIsReckonedWhenSent: the time that a Wait was queued is taken off the
// time it has for its turn.
func TestWithinIsReckonedWhenSent(t *testing.T) {
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		let := make(chan struct{})
		redis.answer = func(ctx context.Context, cmd []string) rueidis.RedisResult {
			<-let
			return rueidis.NewErrorResult(errors.New("no answer"))
		}
		for range maxCalls {
			submit(t.Context(), s, once(t, throttled.OpLimit))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		submit(ctx, s, once(t, throttled.OpWait))
		time.Sleep(4 * time.Second)
		close(let)
		sent := redis.sent()
		require.Len(t, sent, maxCalls+1)
		args := sent[maxCalls]
		within := math.Float64frombits(binary.LittleEndian.Uint64([]byte(args[len(args)-1][8:])))
		require.EqualValues(t, (6*time.Second - 1).Microseconds(), within)
	})
}

// TestATurnThatIsTooLateAfterAll: if the reply comes so late that the turn is no
// longer before the deadline, the place is given back at once and the wait is
// denied.
func TestATurnThatIsTooLateAfterAll(t *testing.T) {
	place := replyOf(t, "return {struct.pack('<ddd', 0, 7000000, 0), 7000000, 0}")
	back := replyOf(t, "return {1}")
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		redis.answer = func(_ context.Context, cmd []string) rueidis.RedisResult {
			if isCancel(redis, cmd) {
				return back
			}
			time.Sleep(3 * time.Second)
			return place
		}
		for within, want := range map[time.Duration]bool{10 * time.Second: false, 10*time.Second + 1: true} {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			got := <-submit(ctx, s, onceIn(t, 7*time.Second))
			require.NoError(t, got.Err)
			require.Equal(t, want, got.Result.Allowed)
			if want {
				require.Equal(t, 10*time.Second, got.after)
			} else {
				require.Equal(t, 3*time.Second, got.after)
				require.Equal(t, 7*time.Second, got.Result.RetryAfter())
			}
			cancel()
		}
		cancels := 0
		for _, cmd := range redis.sent() {
			if isCancel(redis, cmd) {
				cancels++
			}
		}
		require.Equal(t, 1, cancels)
	})
}

// onceIn returns a Wait at a quota of 1 in a period.
func onceIn(t *testing.T, period time.Duration) throttled.Request {
	t.Helper()
	plan, err := throttled.Config{Quota: throttled.Per(1, period)}.Plan()
	require.NoError(t, err)
	return throttled.Request{Plan: plan, Key: "k", Op: throttled.OpWait, Cost: 1, Within: throttled.Never}
}

// counted is a context that counts the watches over it.
type counted struct {
	context.Context
	watches atomic.Int64
}

// Value hides what the context is made of.
func (*counted) Value(any) any { return nil }

// AfterFunc is what context.AfterFunc calls then.
func (c *counted) AfterFunc(func()) (stop func() bool) {
	c.watches.Add(1)
	return func() bool {
		c.watches.Add(-1)
		return true
	}
}

// TestAContextIsWatchedOnce: however many requests have a context, its end starts one
// goroutine, and nothing watches it when all are answered.
func TestAContextIsWatchedOnce(t *testing.T) {
	inBubble(t, Options{Breaker: Breaker{Disabled: true}}, func(t *testing.T, s *Store, _ *stub) {
		ctx := &counted{Context: t.Context()}
		for range maxInFlight / 2 {
			s.Submit(ctx, once(t, throttled.OpLimit), func(_ throttled.Result, err error) {
				assert.ErrorIs(t, err, throttled.ErrStoreUnavailable)
			})
		}
		require.EqualValues(t, 1, ctx.watches.Load())
		time.Sleep(2 * time.Second)
		require.Zero(t, ctx.watches.Load())
		require.NoError(t, s.Close())
		s.Submit(ctx, once(t, throttled.OpLimit), func(_ throttled.Result, err error) {
			assert.ErrorIs(t, err, throttled.ErrClosed)
		})
		synctest.Wait()
		require.Zero(t, ctx.watches.Load())
	})
}

// TestCloseWaits: Close waits for a request on its way, even if its caller has
// left.
func TestCloseWaits(t *testing.T) {
	place := replyOf(t, "return {struct.pack('<ddd', 0, 3600000000, 0), 3600000000, 0}")
	back := replyOf(t, "return {1}")
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		redis.answer = func(_ context.Context, cmd []string) rueidis.RedisResult {
			time.Sleep(time.Second)
			if isCancel(redis, cmd) {
				return back
			}
			return place
		}
		ctx, cancel := context.WithCancel(t.Context())
		left, stays := submit(ctx, s, once(t, throttled.OpWait)), submit(t.Context(), s, once(t, throttled.OpWait))
		cancel()
		require.ErrorIs(t, (<-left).Err, context.Canceled)
		began := time.Now()
		require.NoError(t, s.Close())
		require.GreaterOrEqual(t, time.Since(began), 2*time.Second, "the reply, and the places given back")
		require.LessOrEqual(t, time.Since(began), 3*time.Second, "which may have been together")
		require.ErrorIs(t, (<-stays).Err, throttled.ErrClosed)
	})
}
