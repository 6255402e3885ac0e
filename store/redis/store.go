package redis

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/interrupt"
	"github.com/throttled-go/throttled/internal/precheck"
	"github.com/throttled-go/throttled/internal/watch"
)

// Store is a [throttled.Store] in Redis, shared by all processes that reach it.
// It is safe for concurrent use. A request takes one round trip. So does a Wait:
// the call that asks takes its place, and it waits here for its turn.
type Store struct {
	plans     plans
	denied    *denyCache
	client    client
	breaker   *breaker
	timeout   time.Duration
	onFailure Failure
	local     throttled.Store
	epoch     time.Time
	replies   sync.Pool // of channels that Do waits at
	watches   watch.Set[*request]

	mu        sync.Mutex // guards what follows, and the states of requests
	batcher   batcher
	flow      flow
	deadlines deadlines
	waiters   requestList
	returns   returns

	closed   atomic.Bool // set with mu held
	life     context.Context
	end      context.CancelFunc
	shutdown sync.Once

	// open is what Close waits for: each request until its caller is told, and
	// each goroutine that takes something to Redis until it ends.
	open sync.WaitGroup
}

var (
	_ throttled.Submitter = (*Store)(nil)
	_ throttled.Checker   = (*Store)(nil)
)

// newStore requires options without faults and with their Timeout.
func newStore(c *connection, clustered bool, options *Options) *Store {
	s := &Store{
		denied:    newDenyCache(options.DenyCacheSize, options.DenyCacheTime),
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
		s.plans.processes = options.Processes
	}
	s.watches.Leave = s.leaveAll
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Kind returns "redis".
func (*Store) Kind() string { return "redis" }

// Check returns [throttled.ErrInvalidQuota] for a plan that Redis cannot count.
// Every period must be a whole number of microseconds, from 1 ms to 2^45 µs (407
// days). Under [Fallback] it must also be possible to divide the quota.
func (s *Store) Check(plan *throttled.Plan) error {
	_, err := s.plans.of(plan)
	return err
}

// Do carries out req, as [throttled.Store] says. Its errors are those of ctx,
// [throttled.ErrClosed], [throttled.ErrStoreUnavailable] with the cause inside,
// and [throttled.ErrInvalidQuota] for a plan that Check refuses.
//
// If ctx ends after a Limit was sent, or the reply is lost, it may have been
// charged. A Wait then gives its place back, if that is still possible.
func (s *Store) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	r, res, err := s.prepare(ctx, &req)
	if r == nil {
		return res, err
	}
	replies := s.replyChannel()
	r.replies = replies
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
// 1024 requests are queued or sent, and at most until ctx ends or Options.Timeout
// is over. A Wait that has its place does not count.
func (s *Store) Submit(ctx context.Context, req throttled.Request, done func(throttled.Result, error)) {
	r, res, err := s.prepare(ctx, &req)
	if r == nil {
		done(res, err)
		return
	}
	r.done = done
	if ctx.Done() != nil {
		s.watches.Add(r)
	}
	admitted, err := s.accept(r)
	if err != nil {
		s.watches.Answered(r)
		s.watches.Release()
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
		ends = time.Duration(algorithm.After(int64(s.now()), int64(left)))
	}
	if ctx.Err() != nil || bounded && left <= 0 {
		return nil, throttled.Result{}, interrupt.Refused(ctx)
	}
	if !precheck.Planned(req.Plan) {
		return nil, throttled.Result{}, precheck.ErrNoPlan
	}
	p, err := s.plans.of(req.Plan)
	if err != nil {
		return nil, throttled.Result{}, err
	}
	bucket := bucketName{p, req.Key}
	if s.denied.serves(req) && !s.closed.Load() {
		if res, denied := s.denied.look(bucket, req.Cost); denied {
			return nil, res, nil
		}
	}
	r := &request{ctx: ctx, ends: ends, req: *req, bucket: bucket, asked: s.denied.ask()}
	r.op = p.Operation(*req)
	return r, throttled.Result{}, nil
}

// Close answers all who wait with [throttled.ErrClosed], also those who wait at
// Options.Local, and all later calls too. It waits for the requests that are
// queued or sent, gives back the places of those who waited, as far as nothing
// was charged after them, and closes the client if [Open] made it. Options.Local
// stays open.
//
// If Redis is silent, each of these takes at most Options.Timeout, and the client
// one second more for each connection. Close returns nil, also when called again.
func (s *Store) Close() error {
	s.shutdown.Do(func() {
		s.dismiss()
		s.end()
		s.open.Wait()
		s.deadlines.stop() // nobody is left to hold the mutex
		s.client.close()
	})
	return nil
}
