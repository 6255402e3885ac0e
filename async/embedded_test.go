package async_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/sync"
)

// counting is a store that somebody made of an Actor, to see all that it is asked.
type counting struct {
	*store.Actor
	asked []throttled.Op
}

func (c *counting) Do(_ context.Context, req throttled.Request) (throttled.Result, error) {
	c.asked = append(c.asked, req.Op)
	return c.Actor.Do(context.Background(), req)
}

func (c *counting) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	done(c.Do(ctx, req))
}

func TestAStoreThatEmbedsOneOfOursIsAsked(t *testing.T) {
	actor, err := store.NewActor(store.Options{})
	require.NoError(t, err)
	defer actor.Close()
	c := &counting{Actor: actor}
	cfg := throttled.Config{Quota: ten, Store: c}
	blocking, channels := throttled.Must(sync.New(cfg)), throttled.Must(async.New(cfg))

	ctx := t.Context()
	_, err = blocking.Limit(ctx, key)
	require.NoError(t, err)
	answers := make(chan throttled.Outcome, 1)
	channels.LimitTo(ctx, key, 1, answers)
	for _, answer := range []<-chan throttled.Outcome{
		answers, channels.Limit(ctx, key), channels.Wait(ctx, key), channels.Peek(ctx, key), channels.Reset(ctx, key),
	} {
		require.NoError(t, (<-answer).Err)
	}
	assert.Equal(t, []throttled.Op{
		throttled.OpLimit, throttled.OpLimit, throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpReset,
	}, c.asked)

	ended, end := context.WithCancel(ctx)
	end()
	_, err = blocking.Limit(ended, key)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, (<-channels.Limit(ended, key)).Err, context.Canceled)
	assert.Len(t, c.asked, 6, "it need not look whether ctx has ended")
}
