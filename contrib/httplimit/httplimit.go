package httplimit

import (
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/throttled-go/throttled"
)

// New returns a middleware that holds what comes to the handler inside it to the
// quota of limiter. It is shorthand for [NewChecker] and [Checker.Wrap].
//
// The handler gets the http.ResponseWriter of the server as it is, so that
// http.Flusher, http.ResponseController and all others work.
func New(limiter Limiter, options Options) (func(http.Handler) http.Handler, error) {
	checker, err := NewChecker(limiter, options)
	if err != nil {
		return nil, err
	}
	return checker.Wrap, nil
}

// Checker decides on requests and answers those that it refuses. It is immutable but
// for what it remembers of its store's being away, and safe for concurrent use.
type Checker struct {
	limiter Limiter
	options Options
	key     KeyFunc
	teller  teller
	away    atomic.Bool // the last call of the limiter failed, and that was logged
}

// NewChecker returns a Checker that asks limiter. Every fault of options is reported at
// once, over [throttled.ErrInvalidConfig].
func NewChecker(limiter Limiter, options Options) (*Checker, error) {
	if options.Fields == 0 {
		options.Fields = FieldsDraft11
	}
	if options.Key == nil {
		options.Key = ClientIP{}
	}
	if options.Refuse == nil {
		options.Refuse = func(w http.ResponseWriter, _ *http.Request, refusal Refusal) { refusal.Write(w) }
	}
	var quota throttled.Quota
	var algorithm throttled.Algorithm
	if d, ok := limiter.(described); ok {
		quota, algorithm = d.Quota(), d.Algorithm()
	}
	key, err := Compile(options.Key)
	if err := errors.Join(options.faults(limiter, quota), err); err != nil {
		return nil, err
	}
	names := options.PolicyNames
	if names == nil {
		names = textsOf(quota)
	}
	return &Checker{
		limiter: limiter,
		options: options,
		key:     key,
		teller:  newTeller(options.Fields, quota, algorithm, names, options.QuotaUnit),
	}, nil
}

// Wrap returns next held to the quota. It is a middleware: the method value has the
// type that routers take.
func (c *Checker) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Check(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// Check decides on r, charges it, sets the fields of the answer in w, and reports
// whether r may go ahead. If not, it has answered it, and the caller must write
// nothing more.
func (c *Checker) Check(w http.ResponseWriter, r *http.Request) bool {
	if c.options.Skip != nil && c.options.Skip(r) {
		return true
	}
	decision, status := c.decide(r)
	if c.options.Observe != nil {
		c.options.Observe(r, decision)
	}
	if c.options.Shadow {
		return true
	}
	if decision.Err == nil {
		c.teller.tell(w.Header(), decision.Result)
	}
	if status == http.StatusOK {
		return true
	}
	c.options.Refuse(w, r, c.refusal(decision, status))
	return false
}

// decide asks the limiter, and returns 200 where r may go ahead, and what it is refused
// with where it may not.
func (c *Checker) decide(r *http.Request) (d Decision, status int) {
	d.Cost = 1
	if d.Key, d.Err = c.key(r); d.Err != nil {
		return d, http.StatusBadRequest
	}
	if c.options.Cost != nil {
		d.Cost = c.options.Cost(r)
	}
	d.Result, d.Err = c.limiter.LimitN(r.Context(), d.Key, d.Cost)
	switch {
	case d.Err != nil:
		return d, c.failed(r, d.Err)
	case c.away.Load():
		c.back()
	}
	if !d.Result.Allowed {
		return d, http.StatusTooManyRequests
	}
	return d, http.StatusOK
}

// failed returns what becomes of a request on which the limiter had no answer.
func (c *Checker) failed(r *http.Request, err error) int {
	switch {
	case errors.Is(err, throttled.ErrInvalidCost):
		return http.StatusInternalServerError
	case r.Context().Err() != nil:
		// The client is gone, or out of time. Of the store this tells nothing.
		return http.StatusServiceUnavailable
	case errors.Is(err, throttled.ErrFull):
		// The store is there. Who chose to admit no new keys wants none let through.
		return http.StatusServiceUnavailable
	}
	if c.away.CompareAndSwap(false, true) {
		c.logger().Warn("httplimit: the store of the limiter is away", slog.Any("error", err), slog.Bool("let_through", c.options.OnFailure == Allow))
	}
	if c.options.OnFailure == Allow {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// back notes that the limiter answers again.
func (c *Checker) back() {
	if c.away.CompareAndSwap(true, false) {
		c.logger().Info("httplimit: the store of the limiter is back")
	}
}

func (c *Checker) logger() *slog.Logger {
	if c.options.Logger != nil {
		return c.options.Logger
	}
	return slog.Default()
}

// refusal puts together what is answered with status.
func (c *Checker) refusal(d Decision, status int) Refusal {
	f := Refusal{Decision: d, Status: status}
	switch status {
	case http.StatusTooManyRequests:
		f.problem = unnamedQuota
		if p := c.teller.policyOf(d.Result); p != nil {
			f.problem, f.Policies = p.problem, []string{p.name}
		}
	case http.StatusBadRequest:
		f.problem = noKey
	case http.StatusInternalServerError:
		f.problem = badCost
	default:
		f.problem = reducedCapacity
	}
	return f
}
