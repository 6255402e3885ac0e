// Package throttled is the vocabulary of a rate limiter: quotas and the text
// they are written in, algorithms, answers, errors, and what a store and a hook
// are. The limiters themselves come with two faces that mirror each other:
// package sync blocks until it has the answer, package async answers on a
// channel.
//
//	limiter, err := sync.New(throttled.Config{
//		Quota: throttled.MustParseQuota("100/s burst 200; 5000/h"),
//	})
//	...
//	res, err := limiter.Limit(ctx, "user:42")
//
// Time is counted in whole nanoseconds and shares of them, and no floating
// point takes part in a decision: every answer equals exact arithmetic, for all
// five algorithms. A denied request changes nothing. Of a denial, RetryAfter is
// the least duration after which the same request would be allowed; one
// nanosecond earlier it would not. Those who wait are served in the order in
// which they came, at the instant of their turn.
//
// A bucket is named by prefix, algorithm, quota and key. Two limiters share a
// bucket exactly when they share the store and all four.
package throttled
