package throttled

import "context"

// Call is a Limit or a Wait as a [Hook] sees it.
type Call struct {
	Key       string // never empty: Config.Key has taken its place where the call's was
	Cost      int64
	Wait      bool // Wait or WaitN; a Limit with a Timeout is still a Limit
	Algorithm Algorithm
	Quota     Quota
	Store     string // Kind of the store
}

// Handler carries out a call. A denial is a Result and no error, for Wait too:
// the limiter makes the [*LimitedError] after the last hook.
type Handler func(ctx context.Context, call Call) (Result, error)

// Hook wraps the handler of a limiter. It may look at the call and at the
// answer, pass on another context, key or cost, or answer by itself without
// calling next; the decision is taken, and charged, once for every call of
// next. Where LimitTo and Permits of package async give back what nobody
// received, that is what all calls of next were charged, also those that end
// after the hook has gone, as long as next was given a context that descends
// from the hook's. Of hooks A and B, A runs around B around the decision. An error from
// next should be returned as it is. Hooks run on the goroutine of the call
// and must be safe for concurrent use. A Hook never returns nil.
type Hook func(next Handler) Handler
