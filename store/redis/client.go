package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// client brings script calls to Redis. It never gives rueidis the context of a
// caller: connections are shared, and there the deadline or the cancel of one
// caller was seen to fail the commands of others, and a dial to hold one who
// had long given up. A call has a context of the store's, and callers leave when
// they like.
//
// Its errors are [throttled.ErrStoreUnavailable], and mean that Redis has not
// answered. Whether the call was carried out is unknown then. It is never sent
// again: if only its reply was lost, that would charge twice.
type client struct {
	*connection
}

// exchange has Redis carry out operations that one call can carry, and returns
// the answer to each.
//
// In a cluster a call for several keys may be refused while their slot moves;
// then nothing was done, and one call for each key passes.
func (c *client) exchange(ctx context.Context, operations []script.Operation) ([]script.Answer, error) {
	call := script.NewCall(operations...)
	reply, err := c.run(ctx, &call.Command)
	refusal, refused := rueidis.IsRedisErr(err)
	switch {
	case err == nil:
		return call.Answers(reply), nil
	case !refused:
		return nil, unavailable(err)
	case refusal.IsTryAgain() && len(call.ByKey()) > 1:
		return c.exchangeByKey(ctx, operations, call.ByKey()), nil
	default:
		return call.Refused(unavailable(refusal)), nil
	}
}

// exchangeByKey is exchange with one call for each key.
func (c *client) exchangeByKey(ctx context.Context, operations []script.Operation, byKey [][]int) []script.Answer {
	answers := make([]script.Answer, len(operations))
	var calls sync.WaitGroup
	for _, of := range byKey {
		calls.Go(func() {
			own := make([]script.Operation, len(of))
			for n, i := range of {
				own[n] = operations[i]
			}
			got, err := c.exchange(ctx, own)
			for n, i := range of {
				if err != nil {
					answers[i].Err = err
				} else {
					answers[i] = got[n]
				}
			}
		})
	}
	calls.Wait()
	return answers
}

// cancel has Redis take places back in their order, which one call can carry,
// and returns whether it did so with each.
func (c *client) cancel(ctx context.Context, places []*script.Place) ([]bool, error) {
	reply, err := c.run(ctx, script.Cancel(places))
	if err != nil {
		return nil, unavailable(err)
	}
	return script.Cancelled(reply, len(places))
}

// run sends the name of the script, and the script itself to a server that does
// not know it: a new one, one that was restarted, a promoted replica. A script
// that is not known has done nothing.
func (c *client) run(ctx context.Context, cmd *script.Command) (rueidis.RedisMessage, error) {
	made, err := c.made(ctx)
	if err != nil {
		return rueidis.RedisMessage{}, err
	}
	reply, err := made.Do(ctx, cmd.Evalsha(made.B())).ToMessage()
	if said, ok := rueidis.IsRedisErr(err); ok && said.IsNoScript() {
		reply, err = made.Do(ctx, cmd.Eval(made.B())).ToMessage()
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
