package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// courier brings commands to Redis. It never gives rueidis the context of a
// caller: connections are shared, and there the deadline or the cancel of one
// caller was seen to fail the commands of others, and a dial to hold one who
// had long given up. A command has a context of its own, which ends after the
// timeout, and callers leave when they like.
type courier struct {
	connection *connection
	breaker    *breaker
	timeout    time.Duration
}

// carry runs cmd and returns the reply. It requires a ctx of the store's, which
// ends when the time for the command is up.
//
// An error is [throttled.ErrStoreUnavailable], and whether the command was
// carried out is unknown then. It is never sent again: if only its reply was
// lost, that would charge twice.
func (c *courier) carry(ctx context.Context, cmd *command) (rueidis.RedisMessage, error) {
	done, err := c.breaker.enter()
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	reply, err := c.run(ctx, cmd)
	if _, said := rueidis.IsRedisErr(err); err == nil || said {
		done(0)
	} else {
		done(cmd.requests)
	}
	if err != nil && !rueidis.IsRedisNil(err) {
		return rueidis.RedisMessage{}, c.unavailable(ctx, err)
	}
	return reply, nil
}

// run sends the name of the script, and the script itself to a server that does
// not know it: a new one, one that was restarted, a promoted replica. A script
// that is not known has done nothing.
func (c *courier) run(ctx context.Context, cmd *command) (rueidis.RedisMessage, error) {
	client, err := c.connection.client(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	reply, err := client.Do(ctx, cmd.evalsha(client.B())).ToMessage()
	if said, ok := rueidis.IsRedisErr(err); ok && said.IsNoScript() {
		return client.Do(ctx, cmd.eval(client.B())).ToMessage()
	}
	return reply, err
}

// carryAll runs commands in their order and looks at no reply.
func (c *courier) carryAll(ctx context.Context, all []*command) error {
	client, err := c.connection.client(ctx)
	if err != nil {
		return err
	}
	cmds := make([]rueidis.Completed, len(all))
	for i, cmd := range all {
		cmds[i] = cmd.eval(client.B())
	}
	for _, result := range client.DoMulti(ctx, cmds...) {
		if err := result.NonRedisError(); err != nil {
			return err
		}
	}
	return nil
}

// unavailable returns the error that err becomes.
func (c *courier) unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return c.noAnswer()
	}
	return fmt.Errorf("%w: %w", throttled.ErrStoreUnavailable, withoutContext(err))
}

// withoutContext returns err, as mere text if there is a context error in it:
// that is of the client, and those that callers find are of their own contexts.
func withoutContext(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New(err.Error())
	}
	return err
}

// noAnswer is the error of those whose time is up.
func (c *courier) noAnswer() error {
	return fmt.Errorf("%w: Redis did not answer within %v", throttled.ErrStoreUnavailable, c.timeout)
}
