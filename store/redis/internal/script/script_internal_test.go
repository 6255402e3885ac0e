package script

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/model/walk"
)

var steps, seed = walk.Flags(100_000)

// TestScripts takes random steps under random quotas, with the time passed in, and
// compares all that the scripts say and leave behind with internal/algorithm
// counting µs.
func TestScripts(t *testing.T) {
	s := startServer(t)
	walk.Traces(t, *seed, *steps, 4, s.compare) // while one waits for Redis, another one thinks
}

// trace is what happens to one bucket, and what is expected of it.
type trace struct {
	law        *Plan
	key        string
	steps      []step
	operations []Operation
	want       []expected
}

// newTrace makes up one trace. All of it follows from the seed, but that it is in the
// future: keys expire by the server's own clock, so no instant lies before that.
func newTrace(t testing.TB, seed uint64) *trace {
	future := domain
	future.Earliest = time.Now().Add(time.Hour).UnixMicro()
	w := &walker{Walker: future.Walk(seed)}
	tr := &trace{law: planOfRates(t, throttled.Algorithm(w.Kind), w.Rates...), key: fmt.Sprint("trace ", seed)}
	r := newReference(tr.law, w.Rates)
	for range walk.Steps {
		tr.take(w, r)
	}
	return tr
}

// take makes up one step and what is expected of it.
func (tr *trace) take(w *walker, r *reference) {
	s := w.next(r)
	s.req.Key = tr.key
	a := tr.law.Operation(s.req)
	var want expected
	if s.cancel != nil {
		want = r.cancel(s.cancel, s.now)
	} else {
		want = r.do(&a, s.now)
	}
	w.heard(want)
	tr.steps, tr.operations, tr.want = append(tr.steps, s), append(tr.operations, a), append(tr.want, want)
}

// commands returns all commands of a trace, to be sent at once: each step, and
// then a look at when the key expires.
func (tr *trace) commands(b rueidis.Builder) (calls []*Call, commands []rueidis.Completed) {
	for i, step := range tr.steps {
		c := &Call{}
		if step.cancel != nil {
			c.Command = *Cancel([]*Place{step.cancel})
		} else {
			c = NewCall(tr.operations[i])
		}
		calls = append(calls, c)
		commands = append(commands, at(c.Command, step.now).Evalsha(b), b.Pexpiretime().Key(tr.law.key(tr.key)).Build())
	}
	return calls, commands
}

// compare takes one trace and compares.
func (s *server) compare(seed uint64) error {
	tr := newTrace(s, seed)
	calls, commands := tr.commands(s.client.B())
	replies := s.client.DoMulti(context.Background(), commands...)
	for i, c := range calls {
		if err := tr.compare(i, c, replies[2*i], replies[2*i+1]); err != nil {
			return fmt.Errorf("seed %d, %v, step %d of %+v: %w", seed, tr.law.name, i, tr.steps[i], err)
		}
	}
	return s.do(s.client.B().Del().Key(tr.law.key(tr.key)).Build()).Error()
}

// words returns the state that an answer leaves behind.
func (tr *trace) words(a *Answer) []int64 {
	if a.Bucket == nil {
		return make([]int64, tr.law.law.Words())
	}
	return a.Bucket.words
}

// compare compares the replies to step i with what is expected of it.
func (tr *trace) compare(i int, c *Call, reply, expires rueidis.RedisResult) error {
	want := tr.want[i]
	message, err := reply.ToMessage()
	if err != nil {
		return err
	}
	got := expected{words: want.words}
	if tr.steps[i].cancel != nil {
		var given []bool
		given, err = Cancelled(message, 1)
		got.cancelled = err == nil && given[0]
	} else {
		a := c.Answers(message)[0]
		got = expected{allowed: a.Result.Allowed, state: a.Result.State(), delay: a.Delay, place: a.Place, words: tr.words(&a)}
		err = a.Err
	}
	var gone error
	got.expires, gone = expires.ToInt64()
	if err := errors.Join(err, gone); err != nil {
		return err
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("\nwant %+v\n got %+v\nplaces %+v %+v", want, got, want.place, got.place)
	}
	return nil
}
