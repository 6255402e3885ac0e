package redis

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// TestTryAgain: if a call for several keys is refused because their slot moves,
// each key gets a call of its own.
func TestTryAgain(t *testing.T) {
	refusal := replyOf(t, "return redis.error_reply('TRYAGAIN Multiple keys request during rehashing of slot')")
	granted := replyOf(t, "return {false, 0, 0}")
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		let := make(chan struct{})
		redis.answer = func(_ context.Context, cmd []string) rueidis.RedisResult {
			<-let
			if cmd[2] == "1" { // keys
				return granted
			}
			return refusal
		}
		var answers []<-chan heard
		for i := range maxCalls + 5 {
			req := once(t, throttled.OpLimit)
			req.Key = strconv.Itoa(i)
			answers = append(answers, submit(t.Context(), s, req))
		}
		close(let)
		for _, answer := range answers {
			got := <-answer
			require.NoError(t, got.Err)
			require.True(t, got.Result.Allowed)
		}
		require.Len(t, redis.sent(), maxCalls+1+5)
	})
}

// TestTryAgainToGiveBack: places at several keys are given back although their
// slot moves.
func TestTryAgainToGiveBack(t *testing.T) {
	refusal := replyOf(t, "return redis.error_reply('TRYAGAIN Multiple keys request during rehashing of slot')")
	place := replyOf(t, "return {struct.pack('<ddd', 0, 3600000000, 0), 3600000000, 0}")
	back := replyOf(t, "return {1}")
	inBubble(t, Options{Timeout: time.Minute}, func(t *testing.T, s *Store, redis *stub) {
		redis.answer = func(_ context.Context, cmd []string) rueidis.RedisResult {
			switch {
			case !isCancel(redis, cmd):
				return place
			case cmd[2] == "1": // keys
				return back
			default:
				return refusal
			}
		}
		const waits = 5
		for i := range waits {
			req := once(t, throttled.OpWait)
			req.Key = strconv.Itoa(i)
			submit(t.Context(), s, req)
		}
		require.NoError(t, s.Close())
		require.Len(t, redis.sent(), waits+1+waits)
	})
}
