package store

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/table"
	"github.com/throttled-go/throttled/internal/watch"
)

// waiting is a request that waits in line and may give up.
type waiting struct {
	waiter *table.Waiter // nil until it has its place
	ctx    context.Context
	key    string
	done   func(throttled.Result, error)

	watched  watch.Membership[*waiting]
	attended bool // its own goroutine looks for the end of ctx
}

// watches are those over the contexts of waiting requests.
type watches = watch.Set[*waiting]

// Watched is for package watch.
func (w *waiting) Watched() *watch.Membership[*waiting] { return &w.watched }

// Context is for package watch.
func (w *waiting) Context() context.Context { return w.ctx }

// leaver is one who gives up, and the error that says so.
type leaver struct {
	*waiting
	err error
}

// answer returns how to answer w while it is watched.
func (w *waiting) answer(by *watches) func(throttled.Result, error) {
	return func(res throttled.Result, err error) {
		by.Answered(w)
		w.done(res, err)
	}
}

// giveUpAll is giveUp for each of crowd.
func giveUpAll(crowd []*waiting) []leaver {
	leavers := make([]leaver, len(crowd))
	for i, w := range crowd {
		leavers[i] = w.giveUp()
	}
	return leavers
}

// giveUp prepares w to leave because its ctx ended. It may be slow where ctx is,
// so it must not hold up a store.
func (w *waiting) giveUp() leaver { return leaver{w, interrupt.GaveUp(w.ctx, w.key)} }

// left answers one who has left its line.
func (l leaver) left() { l.done(throttled.Result{}, l.err) }

// answerAll answers those whose turn has come, in their order. Where one answer
// panics, the others have theirs all the same.
func answerAll(ready *table.Waiter) {
	defer func() {
		if ready != nil {
			answerAll(ready)
		}
	}()
	for ready != nil {
		w := ready
		ready = w.Next()
		w.Done(w.Answer())
	}
}

// mayWait reports whether req may have to wait for its turn.
func mayWait(req *throttled.Request) bool { return req.Op == throttled.OpWait || req.Within > 0 }

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
