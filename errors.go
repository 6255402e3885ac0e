package throttled

import (
	"errors"
	"fmt"
)

// Every error of this library is, or wraps, one of these sentinels or the
// error of the caller's own context. Compare with [errors.Is].
var (
	// ErrLimited is what a [*LimitedError] is: the quota said no. Wait, Do and
	// Wrap return it; Limit does not, because there a denial is an answer.
	ErrLimited = errors.New("throttled: limited")

	// ErrClosed is returned by every call on a store that was closed, and to
	// everybody who was waiting at it.
	ErrClosed = errors.New("throttled: store closed")

	// ErrFull is returned by a bounded store that has no place for a new key:
	// under DenyNew while all its keys are live, otherwise only while
	// somebody waits at every one of them. Nothing was charged.
	ErrFull = errors.New("throttled: store full")

	// ErrInvalidQuota is returned by New, ParseQuota and the text marshalers
	// for a quota that is malformed or out of bounds.
	ErrInvalidQuota = errors.New("throttled: invalid quota")

	// ErrInvalidCost is returned for a negative cost.
	ErrInvalidCost = errors.New("throttled: invalid cost")

	// ErrInvalidKey is returned when a call's key and Config.Key are both empty.
	ErrInvalidKey = errors.New("throttled: invalid key")

	// ErrInvalidConfig is returned by New for any other fault of a Config, by
	// ParseAlgorithm, and by a store's constructor for a fault of its options.
	ErrInvalidConfig = errors.New("throttled: invalid config")

	// ErrStoreUnavailable is returned when a store could not be reached or did
	// not answer; the cause is inside.
	ErrStoreUnavailable = errors.New("throttled: store unavailable")
)

// LimitedError is a denial as an error: what Wait, Do and Wrap return when the
// quota, the deadline of the context or the timeout says no. Nothing was
// charged. It matches [ErrLimited].
type LimitedError struct {
	Key    string // the key that was denied
	Result Result // the denial; its RetryAfter says when asking again makes sense
}

// Error returns the key and the numbers of the denial.
func (e *LimitedError) Error() string {
	return fmt.Sprintf("%v: key %q: remaining=%d reset_after=%v retry_after=%s",
		ErrLimited, e.Key, e.Result.Remaining(), e.Result.ResetAfter(), untilText(e.Result.RetryAfter()))
}

// Is reports whether target is [ErrLimited].
func (e *LimitedError) Is(target error) bool { return target == ErrLimited }

// Must returns v, or panics with err if there is one. It is meant for package
// variables whose configuration is fixed in the source.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
