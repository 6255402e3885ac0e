package store

import (
	"context"
	"fmt"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
)

// watch has done called when w is answered. If ctx ends before that, leave is
// called instead, which tries to take w out of its line, and tells done if it
// could. It requires that nobody else can answer w meanwhile.
func watch(ctx context.Context, w *table.Waiter, done func(throttled.Result, error), leave func()) {
	if ctx.Done() == nil {
		w.Done = done
		return
	}
	stop := context.AfterFunc(ctx, leave)
	w.Done = func(res throttled.Result, err error) {
		stop()
		done(res, err)
	}
}

// answerAll answers those who were let through, in their order.
func answerAll(told *table.Waiter) {
	for told != nil {
		next := told.Next()
		told.Done(told.Answer())
		told = next
	}
}

// interrupted returns the error of a wait whose ctx ended before its turn.
func interrupted(ctx context.Context, key string) error {
	err := fmt.Errorf("throttled: gave up waiting for key %q: %w", key, ctx.Err())
	if cause := context.Cause(ctx); cause != ctx.Err() { //nolint:errorlint // the cause may wrap the error, and is still to be told then
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// ended returns the error of a request whose ctx ended before it was carried out.
func ended(ctx context.Context) error { return fmt.Errorf("throttled: %w", ctx.Err()) }

// reply is the way back to a caller who blocks. It is made for one call,
// because a channel must not leave the testing/synctest bubble it was made in.
type reply chan answer

type answer struct {
	res throttled.Result
	err error
}

func newReply() reply { return make(reply, 1) }

func (r reply) send(res throttled.Result, err error) { r <- answer{res, err} }

func (r reply) receive() (throttled.Result, error) {
	a := <-r
	return a.res, a.err
}
