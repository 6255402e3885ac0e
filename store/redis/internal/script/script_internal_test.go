package script

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled/internal/algorithm"
)

var (
	stepsFlag = flag.Int("steps", 100_000, "steps of TestScripts over all laws")
	seedFlag  = flag.Uint64("seed", 1, "seed of the first trace of TestScripts")
)

// stepsPerTrace is how long one bucket is watched under one quota.
const stepsPerTrace = 250

// TestScripts takes random steps under random quotas, with the time passed in, and
// compares all that the scripts say and leave behind with internal/algorithm
// counting µs.
func TestScripts(t *testing.T) {
	s := startServer(t)
	traces := uint64(max(1, *stepsFlag/stepsPerTrace))
	var next, taken atomic.Uint64
	var wait sync.WaitGroup
	began := time.Now()
	for range 4 { // while one waits for Redis, another one thinks
		wait.Go(func() {
			for n := next.Add(1) - 1; n < traces && !t.Failed(); n = next.Add(1) - 1 {
				if err := s.walk(*seedFlag + n); err != nil {
					t.Error(err)
				}
				taken.Add(stepsPerTrace)
			}
		})
	}
	wait.Wait()
	t.Logf("%d steps, %.0f a second", taken.Load(), float64(taken.Load())/time.Since(began).Seconds())
}

// trace is what happens to one bucket, and what is expected of it.
type trace struct {
	law   *Plan
	key   string
	steps []step
	asks  []Operation
	want  []expected
}

// newTrace makes up one trace. All of it follows from the seed: which law, how many
// rates, and what happens.
func newTrace(t testing.TB, seed uint64) *trace {
	rng := rand.New(rand.NewPCG(seed, 0))
	a := everyAlgorithm[seed%uint64(len(everyAlgorithm))]
	rates := randomRates(rng, []int{1, 2, 1 + rng.IntN(algorithm.MaxRates)}[seed/uint64(len(everyAlgorithm))%3])
	tr := &trace{law: planOfRates(t, a, rates...), key: fmt.Sprint("trace ", seed)}
	// Keys expire by the server's own clock, so no instant lies before it.
	w := &walker{rng: rng, algorithm: a, rates: rates, first: time.Now().Add(time.Hour).UnixMicro()}
	w.now = w.first + rng.Int64N(lastInstant-w.first)>>rng.IntN(40)
	r := newReference(tr.law, rates)
	for range stepsPerTrace {
		tr.take(w, r)
	}
	return tr
}

// take makes up one step and what is expected of it.
func (tr *trace) take(w *walker, r *reference) {
	s := w.next(r)
	s.req.Key = tr.key
	a := tr.law.Operation(s.req)
	if s.cancel != nil {
		w.last = r.cancel(s.cancel, s.now)
	} else {
		w.last = r.do(&a, s.now)
	}
	if w.last.place != nil {
		w.places = append(w.places, w.last.place)
	}
	tr.steps, tr.asks, tr.want = append(tr.steps, s), append(tr.asks, a), append(tr.want, w.last)
}

// commands is all of a trace to be sent at once: each step, and then a look at when
// the key expires.
func (tr *trace) commands(b rueidis.Builder) (calls []*Call, commands []rueidis.Completed) {
	for i, step := range tr.steps {
		c := &Call{}
		if step.cancel != nil {
			c.Command = *Cancel([]*Place{step.cancel})
		} else {
			c = NewCall(tr.asks[i])
		}
		calls = append(calls, c)
		commands = append(commands, at(c.Command, step.now).Evalsha(b), b.Pexpiretime().Key(tr.law.key(tr.key)).Build())
	}
	return calls, commands
}

func (s *server) walk(seed uint64) error {
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

// words is the state that an answer leaves behind.
func (tr *trace) words(a *Answer) []int64 {
	if a.Bucket == nil {
		return make([]int64, tr.law.law.Words())
	}
	return a.Bucket.words
}

// compare holds the replies to step i to what is expected of it.
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
