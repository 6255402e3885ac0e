package redis

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/interrupt"
)

// Store is a [throttled.Store] in Redis, shared by all processes that reach it.
// It is safe for concurrent use. A request takes one round trip, a wait too: it
// takes its place in the call that asks, and sleeps here until its turn.
type Store struct {
	laws      laws
	denials   *denials
	client    client
	breaker   *breaker
	timeout   time.Duration
	onFailure Failure
	local     throttled.Store
	epoch     time.Time
	replies   sync.Pool // of channels that Do waits at

	mu        sync.Mutex // guards what follows, and the states of the requests
	batcher   batcher
	onTheWay  int         // requests that are queued, sent or left
	blocking  int         // requests whose Submit has not returned
	blocked   []*request  // they, and some that are over, in their order
	deadlines requestList // of those whose time runs, the first up first
	timer     *time.Timer // rings when that of the first is up
	ringing   bool        // it will
	waiters   requestList
	returns   returns

	closed   atomic.Bool // set with mu held
	life     context.Context
	end      context.CancelFunc
	shutdown sync.Once

	// open is what Close waits for: each request until its caller was told, and
	// each goroutine that brings something to Redis until it ends.
	open sync.WaitGroup
}

var (
	_ throttled.Submitter = (*Store)(nil)
	_ throttled.Checker   = (*Store)(nil)
)

// newStore requires options without faults and with their Timeout.
func newStore(c *connection, clustered bool, options *Options) *Store {
	s := &Store{
		denials:   newDenials(options.DenyCacheSize, options.DenyCacheTime),
		client:    client{c},
		breaker:   newBreaker(options.Breaker),
		timeout:   options.Timeout,
		onFailure: options.OnFailure,
		local:     options.Local,
		epoch:     time.Now(),
		batcher:   newBatcher(clustered),
		returns:   returns{clustered: clustered},
	}
	if options.OnFailure == Fallback {
		s.laws.processes = options.Processes
	}
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
	r, res, err := s.prepare(ctx, &req)
	if r == nil {
		return res, err
	}
	replies := s.replyChannel()
	r.done = func(res throttled.Result, err error) { replies <- throttled.Outcome{Result: res, Err: err} }
	if _, err := s.accept(r); err != nil {
		return throttled.Result{}, err
	}
	var reply throttled.Outcome
	select {
	case reply = <-replies:
	case <-ctx.Done():
		s.leave(r)
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
	r, res, err := s.prepare(ctx, &req)
	if r == nil {
		done(res, err)
		return
	}
	r.done, r.blocks = done, true
	if ctx.Done() != nil {
		r.stop = context.AfterFunc(ctx, func() { s.leave(r) })
	}
	admitted, err := s.accept(r)
	if err != nil {
		done(throttled.Result{}, err)
		return
	}
	if admitted != nil {
		<-admitted
	}
}

// prepare answers req if that needs no Redis, and else returns it as it is to be
// sent.
func (s *Store) prepare(ctx context.Context, req *throttled.Request) (*request, throttled.Result, error) {
	ends := time.Duration(math.MaxInt64)
	left, bounded := interrupt.Left(ctx)
	if bounded {
		ends = s.now() + left
	}
	if ctx.Err() != nil || bounded && left <= 0 {
		return nil, throttled.Result{}, interrupt.Refused(ctx)
	}
	if req.Plan == nil {
		return nil, throttled.Result{}, errNoPlan
	}
	c, err := s.laws.of(req.Plan)
	if err != nil {
		return nil, throttled.Result{}, err
	}
	bucket := bucketName{c.law, req.Key}
	if s.denials.serves(req) && !s.closed.Load() {
		if res, denied := s.denials.look(bucket, req.Cost); denied {
			return nil, res, nil
		}
	}
	r := &request{ctx: ctx, ends: ends, req: *req, bucket: bucket, asked: s.denials.ask()}
	r.ask = c.law.newAsk(*req)
	return r, throttled.Result{}, nil
}

// errNoPlan is returned for a request that no limiter made.
var errNoPlan = fmt.Errorf("%w: the request has no Plan; Config.Plan makes one", throttled.ErrInvalidConfig)

// Close answers all who wait with [throttled.ErrClosed], as it does all later
// calls, waits for what is on its way, gives the places of those who waited back
// as far as nothing was charged after them, and closes the client if [Open]
// made it. Where Redis is silent it takes Options.Timeout for each of these, and
// a second more for each connection, for which the client waits then. It returns
// nil, also when called again. Those who wait at Options.Local are answered with
// ErrClosed too, and that store stays open.
func (s *Store) Close() error {
	s.shutdown.Do(func() {
		s.dismiss()
		s.end()
		s.open.Wait()
		s.stopTimer()
		s.client.close()
	})
	return nil
}
