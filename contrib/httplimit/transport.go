package httplimit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
)

// TransportOptions are the settings of a [Transport]. The zero value goes out through
// http.DefaultTransport, has one quota for each host, and never sends anything twice.
type TransportOptions struct {
	// Base sends the requests. Nil means http.DefaultTransport.
	Base http.RoundTripper

	// Key says what quota a request counts to, and of what the server speaks when
	// it tells one. Nil means the host and port of its URL, in lower case.
	Key func(r *http.Request) string

	// Retries is how many times a request that was refused, with 429 or 503, may be
	// sent again, when its turn has come. 0 means that the answer is given to the
	// caller. Only what net/http also takes for safe to send twice is: GET, HEAD,
	// OPTIONS, TRACE and what has the field Idempotency-Key, with no body or with
	// Request.GetBody. A 503 must also say when to come again.
	Retries int

	// MaxPause is how long the word of a server counts at most; 0 means an hour.
	// What asks for more is asked again then.
	MaxPause time.Duration

	// Jitter is how much is added to a pause at most, at random for each request, so
	// that those who were told one instant do not come together. 0 means a second,
	// and a negative one none. Nothing is ever sent before its time.
	Jitter time.Duration
}

const (
	defaultMaxPause = time.Hour
	defaultJitter   = time.Second

	// silentPause is how long a 429 holds back that says nothing, the first time.
	silentPause = time.Second

	// maxDrained is how much of a refusal is read so that its connection can be used
	// again.
	maxDrained = 64 << 10
)

// Transport is an http.RoundTripper that sends each request when its turn has come. It
// is safe for concurrent use. [NewTransport] makes one.
type Transport struct {
	waiter  Waiter
	options TransportOptions
	pauses  pauses
}

// NewTransport returns a Transport that paces requests through waiter, a limiter of
// either face, and obeys the servers: while one asks to be left alone, by Retry-After of
// a 429 or a 503, by RateLimit where nothing remains, or by one of the older fields and
// those of several vendors, the requests of that key wait. With a nil waiter it only
// obeys. What remains, where it is more than nothing, holds nobody back.
//
// Everything is within the context of the request. One that cannot be sent before its
// deadline fails at once with a [*throttled.LimitedError], and one whose context ends
// gives its place up. Give the http.Client a Timeout, or requests a deadline: without,
// a request waits as long as it must.
//
// Every fault of options is reported at once, over [throttled.ErrInvalidConfig].
func NewTransport(waiter Waiter, options TransportOptions) (*Transport, error) {
	var faults []error
	if options.Retries < 0 {
		faults = append(faults, configFault("TransportOptions.Retries is %d; it must be 0 or more", options.Retries))
	}
	if options.MaxPause < 0 {
		faults = append(faults, configFault("TransportOptions.MaxPause is %v; it must be positive, or 0 for %v", options.MaxPause, defaultMaxPause))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if options.Base == nil {
		options.Base = http.DefaultTransport
	}
	if options.Key == nil {
		options.Key = func(r *http.Request) string { return strings.ToLower(r.URL.Host) }
	}
	if options.MaxPause == 0 {
		options.MaxPause = defaultMaxPause
	}
	if options.Jitter == 0 {
		options.Jitter = defaultJitter
	}
	return &Transport{waiter: waiter, options: options}, nil
}

// RoundTrip sends r when its turn has come and returns the answer.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	key := t.options.Key(r)
	for attempt := 0; ; attempt++ {
		if err := t.await(r.Context(), key); err != nil {
			closeBody(r)
			return nil, err
		}
		res, err := t.options.Base.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		waits := t.heed(key, res, attempt)
		if attempt >= t.options.Retries || !waits || !refuses(res.StatusCode) || !replayable(r) || !t.inTime(r.Context(), key) {
			return res, nil
		}
		again := copyOf(r)
		if again == nil {
			return res, nil
		}
		_, _ = io.CopyN(io.Discard, res.Body, maxDrained) // for the sake of the connection alone
		_ = res.Body.Close()
		r = again
	}
}

// CloseIdleConnections closes those of Base, as http.Client.CloseIdleConnections asks.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.options.Base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// await returns when the server and the limiter let one more request out.
func (t *Transport) await(ctx context.Context, key string) error {
	if err := t.pause(ctx, key); err != nil || t.waiter == nil {
		return err
	}
	if _, err := t.waiter.WaitN(ctx, key, 1); err != nil {
		return err
	}
	// While this one stood in line, another may have been told to wait.
	return t.pause(ctx, key)
}

// pause returns when the server no longer asks to be left alone.
func (t *Transport) pause(ctx context.Context, key string) error {
	for {
		until := t.pauses.until(key, time.Now())
		if until.IsZero() {
			return nil
		}
		deadline, limited := ctx.Deadline()
		if limited && !until.Before(deadline) {
			wait := time.Until(until)
			return &throttled.LimitedError{Key: key, Result: throttled.NewResult(false, throttled.State{RetryAfter: wait, ResetAfter: wait})}
		}
		if t.options.Jitter > 0 {
			if later := until.Add(rand.N(t.options.Jitter)); !limited || later.Before(deadline) {
				until = later
			}
		}
		if err := sleepUntil(ctx, until); err != nil {
			return err
		}
	}
}

// heed notes what the server says, and reports whether it asks to be left alone.
func (t *Transport) heed(key string, res *http.Response, attempt int) bool {
	now := time.Now()
	wait := adviceOf(res, now)
	if res.StatusCode == http.StatusTooManyRequests && wait == 0 {
		// It does not say for how long: it is asked ever more rarely.
		wait = silentPause << min(attempt, 16)
	}
	if wait <= 0 {
		return false
	}
	t.pauses.extend(key, now.Add(min(wait, t.options.MaxPause)), now)
	return true
}

// inTime reports whether the pause of key ends before the context does.
func (t *Transport) inTime(ctx context.Context, key string) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() == nil && (!limited || t.pauses.until(key, time.Now()).Before(deadline))
}

// replayable reports whether r may be sent twice, as net/http decides it.
func replayable(r *http.Request) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil
}

// copyOf returns r as it was before it was sent, or nil where its body cannot be had
// again.
func copyOf(r *http.Request) *http.Request {
	again := r.Clone(r.Context())
	if r.GetBody == nil {
		return again
	}
	body, err := r.GetBody()
	if err != nil {
		return nil
	}
	again.Body = body
	return again
}

// closeBody does what a RoundTripper must, also with what it does not send.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// sleepUntil returns at the instant, or with the error of ctx if that ends before it.
func sleepUntil(ctx context.Context, instant time.Time) error {
	timer := time.NewTimer(time.Until(instant))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
			return fmt.Errorf("httplimit: %w: %w", ctx.Err(), cause)
		}
		return fmt.Errorf("httplimit: %w", ctx.Err())
	}
}
