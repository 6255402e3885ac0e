package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
)

// client brings script calls to Redis. It never gives rueidis the context of a
// caller: connections are shared, and there the deadline or the cancel of one
// caller was seen to fail the commands of others, and a dial to hold one who
// had long given up. A call has a context of the store's, and callers leave when
// they like.
//
// Its errors are [throttled.ErrStoreUnavailable], and say that Redis has not
// answered. Whether the call was carried out is unknown then. It is never sent
// again: if only its reply was lost, that would charge twice.
type client struct {
	*connection
}

// exchange has Redis carry out asks, which one call can carry, and returns the
// answer to each.
//
// In a cluster a call for several keys may be refused while their slot moves;
// then nothing was done, and one call for each key passes.
func (c *client) exchange(ctx context.Context, asks []ask) ([]answer, error) {
	call := newCall(asks...)
	reply, err := c.run(ctx, &call.command)
	said, is := rueidis.IsRedisErr(err)
	switch {
	case err == nil:
		return call.answers(reply), nil
	case is && said.IsTryAgain() && len(call.keys) > 1:
		return c.exchangeSingly(ctx, call)
	case is:
		return call.refused(unavailable(said)), nil
	default:
		return nil, unavailable(err)
	}
}

// exchangeSingly has Redis carry out a call for several keys by one call each.
func (c *client) exchangeSingly(ctx context.Context, call *call) ([]answer, error) {
	answers := make([]answer, len(call.asks))
	var all sync.WaitGroup
	for _, of := range call.order {
		all.Go(func() {
			asks := make([]ask, len(of))
			for n, i := range of {
				asks[n] = call.asks[i]
			}
			own, err := c.exchange(ctx, asks)
			for n, i := range of {
				if err != nil {
					answers[i] = answer{err: err}
				} else {
					answers[i] = own[n]
				}
			}
		})
	}
	all.Wait()
	return answers, nil
}

// cancel has Redis take places back in their order, which one call can carry,
// and returns whether it did so with each.
func (c *client) cancel(ctx context.Context, places []*place) ([]bool, error) {
	reply, err := c.run(ctx, cancelAll(places))
	if err != nil {
		return nil, unavailable(err)
	}
	return cancelled(reply, len(places))
}

// run sends the name of the script, and the script itself to a server that does
// not know it: a new one, one that was restarted, a promoted replica. A script
// that is not known has done nothing.
func (c *client) run(ctx context.Context, cmd *command) (rueidis.RedisMessage, error) {
	made, err := c.made(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	reply, err := made.Do(ctx, cmd.evalsha(made.B())).ToMessage()
	if said, ok := rueidis.IsRedisErr(err); ok && said.IsNoScript() {
		reply, err = made.Do(ctx, cmd.eval(made.B())).ToMessage()
	}
	if rueidis.IsRedisNil(err) {
		return reply, nil // an answer, if one that makes no sense
	}
	return reply, err
}

// unavailable returns [throttled.ErrStoreUnavailable] with err inside. A context
// error goes in as mere text: it is the client's, and those that callers find are
// of their own contexts.
func unavailable(err error) error {
	return fmt.Errorf("%w: %w", throttled.ErrStoreUnavailable, withoutContext(err))
}

func withoutContext(err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New(err.Error())
	}
	return err
}
