package redis

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// stub is a client of a Redis that answers as a test wants. It records what it
// was sent.
type stub struct {
	rueidis.Client
	answer func(ctx context.Context, cmd []string) rueidis.RedisResult
	calls  chan [][]string // one value: the commands so far
}

func (s *stub) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	command := cmd.Commands()
	s.calls <- append(<-s.calls, command)
	return s.answer(ctx, command)
}

// sent returns the commands so far.
func (s *stub) sent() [][]string {
	synctest.Wait()
	calls := <-s.calls
	s.calls <- calls
	return calls
}

// hang never answers, and returns when the context of the call ends.
func hang(ctx context.Context, _ []string) rueidis.RedisResult {
	<-ctx.Done()
	return rueidis.NewErrorResult(ctx.Err())
}

// inBubble runs a test in a bubble, with a store over a stub.
func inBubble(t *testing.T, options Options, test func(t *testing.T, s *Store, redis *stub)) {
	t.Helper()
	client := newClient(t)
	if options.Timeout == 0 {
		options.Timeout = time.Second
	}
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			redis := &stub{Client: client, answer: hang, calls: make(chan [][]string, 1)}
			redis.calls <- nil
			s := newStore(given(redis), false, &options)
			test(t, s, redis)
			require.NoError(t, s.Close())
		})
	})
}

func newClient(t *testing.T) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true, AlwaysPipelining: true,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// replyOf returns what a server replies to a script. It must be called outside a
// bubble, because its client is not in it.
func replyOf(t *testing.T, script string) rueidis.RedisResult {
	t.Helper()
	client := newClient(t)
	return client.Do(t.Context(), client.B().Eval().Script(script).Numkeys(0).Build())
}

// always answers every call with the same reply.
func always(reply rueidis.RedisResult) func(context.Context, []string) rueidis.RedisResult {
	return func(context.Context, []string) rueidis.RedisResult { return reply }
}

// once returns a request at a quota of 1 an hour.
func once(t *testing.T, op throttled.Op) throttled.Request {
	t.Helper()
	plan, err := throttled.Config{Quota: throttled.PerHour(1)}.Plan()
	require.NoError(t, err)
	req := throttled.Request{Plan: plan, Key: "k", Op: op, Cost: 1}
	if op == throttled.OpWait {
		req.Within = throttled.Never
	}
	return req
}

// isCancel reports whether a command gives places back.
func isCancel(s *stub, cmd []string) bool {
	cancel := script.Cancel(nil).Evalsha(s.B())
	return cmd[1] == cancel.Commands()[1]
}

// heard is the answer to a request, and the time at which it came.
type heard struct {
	throttled.Outcome
	after time.Duration
}

// submit submits req and returns the channel on which its answer will be.
func submit(ctx context.Context, s *Store, req throttled.Request) <-chan heard {
	answer := make(chan heard, 1)
	began := time.Now()
	s.Submit(ctx, req, func(res throttled.Result, err error) {
		answer <- heard{throttled.Outcome{Result: res, Err: err}, time.Since(began)}
	})
	synctest.Wait() // so that requests come in this order
	return answer
}
