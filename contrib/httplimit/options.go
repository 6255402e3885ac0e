package httplimit

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/throttled-go/throttled"
)

// Options are the settings of a middleware. The zero Options limit each client's
// address, charge 1 for each request, send the fields of FieldsDraft11, and
// answer 503 while the limiter's store is away.
type Options struct {
	// Key says whose quota a request counts to. Nil means ClientIP{}: the address
	// of the peer, an IPv6 one by its /64. A request without a key is refused
	// with 400.
	Key Key

	// Cost says what a request costs. Nil means 1. What costs 0 is let through,
	// charges nothing, and is told the fields. A negative cost is refused with
	// 500: mind that Request.ContentLength is -1 where it is not known.
	Cost func(r *http.Request) int64

	// Skip reports whether a request passes without being counted or told
	// anything. Nil means that none does.
	Skip func(r *http.Request) bool

	// Fields says what is told to a client. 0 means FieldsDraft11.
	Fields Fields

	// PolicyNames are the names of the rates of the quota, in their order, in the
	// fields and in problem documents: printable ASCII, each another. Nil means
	// their texts, such as "100/m" and "10/s burst 20".
	PolicyNames []string

	// QuotaUnit is what a cost of 1 is, if it is not one request: "content-bytes"
	// for one, as RateLimit-Policy tells it in qu. "" means "requests".
	QuotaUnit string

	// OnFailure says what becomes of a request while the limiter's store is away:
	// while LimitN returns an error that is about neither this request nor a
	// store that is full. The zero value is Deny.
	OnFailure Failure

	// Refuse answers a request that does not go ahead. Nil means [Refusal.Write].
	Refuse func(w http.ResponseWriter, r *http.Request, refusal Refusal)

	// Shadow lets every request through and tells clients nothing, while it
	// decides and charges as ever: to try a quota. See what it decides with
	// Observe, or with a hook of the limiter.
	Shadow bool

	// Observe is called with every decision, before anything is answered, on the
	// goroutine of the request. Nil means that nobody is told.
	Observe func(r *http.Request, decision Decision)

	// Logger gets a line when the limiter's store goes away, and one when it is
	// back. Nil means slog.Default().
	Logger *slog.Logger
}

// Failure says what becomes of a request while the limiter's store is away.
type Failure uint8

const (
	// Deny answers 503 with the problem type temporary-reduced-capacity.
	Deny Failure = iota

	// Allow lets the request through, uncounted.
	Allow
)

// faults returns [throttled.ErrInvalidConfig] with all that is wrong with o for a
// limiter of that quota, which is the zero Quota if it does not tell.
func (o *Options) faults(limiter Limiter, quota throttled.Quota) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: httplimit: "+format, append([]any{throttled.ErrInvalidConfig}, args...)...))
	}
	rates := quota.Rates()
	if limiter == nil {
		fault("the limiter is nil")
	} else if len(rates) == 0 && o.Fields != FieldsNone {
		fault("the limiter, a %T, has no methods Quota and Algorithm, so the fields cannot be told; give it both, or Options.Fields FieldsNone", limiter)
	}
	switch {
	case o.Fields >= fieldsEnd:
		fault("Options.Fields is %d; join FieldsDraft11, FieldsDraft06 and FieldsX, or give FieldsNone", o.Fields)
	case o.Fields&FieldsNone != 0 && o.Fields != FieldsNone:
		fault("Options.Fields joins FieldsNone with others; give either")
	}
	if o.PolicyNames != nil && len(rates) > 0 && len(o.PolicyNames) != len(rates) {
		fault("Options.PolicyNames has %d names; %q has %d rates, and each has one", len(o.PolicyNames), quota, len(rates))
	}
	for i, name := range o.PolicyNames {
		switch {
		case name == "" || !printable(name):
			fault("Options.PolicyNames[%d] is %.80q; a name is printable ASCII, and not empty", i, name)
		case slices.Contains(o.PolicyNames[:i], name):
			fault("Options.PolicyNames[%d] is %.80q, as is one before it", i, name)
		}
	}
	if !printable(o.QuotaUnit) {
		fault("Options.QuotaUnit is %.80q; a unit is printable ASCII", o.QuotaUnit)
	}
	if o.OnFailure > Allow {
		fault("Options.OnFailure is %d; it must be Deny or Allow", o.OnFailure)
	}
	return errors.Join(faults...)
}
