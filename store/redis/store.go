package redis

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/throttled-go/throttled"
)

// Store is a [throttled.Store] in Redis, shared by all processes that reach it.
// It is safe for concurrent use. A request takes one round trip, a wait too: it
// takes its place in the call that asks, and sleeps here until its turn.
type Store struct {
	laws     laws
	denials  *denials
	slots    chan struct{} // one for each request on its way
	desk     *desk
	courier  courier
	sleepers sleepers
	replies  sync.Pool // of channels that Do waits at

	onFailure Failure
	local     throttled.Store

	mu       sync.RWMutex
	closed   atomic.Bool     // set with mu held
	life     context.Context // ends when it is closed
	end      context.CancelFunc
	trips    sync.WaitGroup // requests that were not answered, and places on their way back
	shutdown sync.Once
}

var _ throttled.Store = (*Store)(nil)

// maxTrips is how many requests are on their way at the most. One more waits
// for one of them to be answered.
const maxTrips = 1024

// newStore requires options without faults and with their Timeout.
func newStore(c *connection, clustered bool, options *Options) *Store {
	s := &Store{
		denials:   newDenials(options.DenyCacheSize, options.DenyCacheTime),
		slots:     make(chan struct{}, maxTrips),
		courier:   courier{connection: c, breaker: newBreaker(options.Breaker), timeout: options.Timeout},
		onFailure: options.OnFailure,
		local:     options.Local,
	}
	if options.OnFailure == Fallback {
		s.laws.processes = options.Processes
	}
	s.desk = newDesk(clustered, s.carry)
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Kind returns "redis".
func (*Store) Kind() string { return "redis" }

// Check returns [throttled.ErrInvalidQuota] for a plan that Redis cannot count:
// every period is a whole number of microseconds, 1 ms to 2^45 µs (407 days).
// Under [Fallback] the quota must bear to be divided, too.
func (s *Store) Check(plan *throttled.Plan) error {
	_, err := s.laws.of(plan)
	return err
}

// Do carries out req, as [throttled.Store] says. Its errors, beside those of
// ctx and [throttled.ErrClosed], are [throttled.ErrStoreUnavailable] with the
// cause inside, and [throttled.ErrInvalidQuota] for a plan that Check refuses.
//
// If ctx ends while a Limit is on its way, or the reply is lost, it may have
// been charged. A Wait then gives back the place that it took, if that can
// still be.
func (s *Store) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if ctx.Err() != nil {
		return throttled.Result{}, fmt.Errorf("throttled: %w", ctx.Err())
	}
	p, res, err := s.prepare(ctx, &req)
	if p == nil {
		return res, err
	}
	replies := s.replyChannel()
	p.done = func(res throttled.Result, err error) { replies <- throttled.Outcome{Result: res, Err: err} }
	s.send(p)
	var reply throttled.Outcome
	select {
	case reply = <-replies:
	case <-ctx.Done():
		p.leave()
		reply = <-replies
	}
	s.replies.Put(replies) // nothing more comes
	return reply.Result, reply.Err
}

func (s *Store) replyChannel() chan throttled.Outcome {
	if used, ok := s.replies.Get().(chan throttled.Outcome); ok {
		return used
	}
	return make(chan throttled.Outcome, 1)
}

// Submit carries out req and calls done with the answer, exactly once: before it
// returns, or on a goroutine of the store, of the runtime's timers, or of ctx.
// done must not block, and must not call Close. Submit itself blocks only while
// 1024 requests are on their way, until ctx ends or Options.Timeout is over; a
// wait that has its place is not on its way any more.
func (s *Store) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	if ctx.Err() != nil {
		done(throttled.Result{}, fmt.Errorf("throttled: %w", ctx.Err()))
		return
	}
	p, res, err := s.prepare(ctx, &req)
	if p == nil {
		done(res, err)
		return
	}
	p.done = done
	if ctx.Done() != nil {
		p.stop = context.AfterFunc(ctx, p.leave)
	}
	s.send(p)
}

// Close answers all who sleep with [throttled.ErrClosed], as it does all later
// calls, waits for what is on its way, gives the places of those who slept back
// as far as nothing was charged after them, and closes the client if [Open]
// made it. Where Redis is silent it takes Options.Timeout for each of these, and
// a second more for each connection, for which the client waits then. It returns
// nil, also when called again. Those who wait at Options.Local are answered with
// ErrClosed too, and that store stays open.
func (s *Store) Close() error {
	s.shutdown.Do(func() {
		s.mu.Lock()
		s.closed.Store(true)
		s.mu.Unlock()
		s.end()
		places := s.sleepers.dismiss()
		s.trips.Wait()
		s.giveAllUp(places)
		s.courier.connection.close()
	})
	return nil
}
