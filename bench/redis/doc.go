// Package redis measures one decision that is made in Redis, through the whole
// of the blocking face, beside INCRBY, the least that could count there, and
// beside other limiters, each driven as its own documentation says. It starts a
// server of its own for the run.
//
//	make bench-redis
//
// Server and clients share the processors, so the figures of two runs, let
// alone of two machines, tell little: what tells is xINCRBY, the decisions in a
// second as a ratio to those of INCRBY by the client that [redis.Open] makes,
// measured just before and just after, with as many callers at as many keys.
// trips/op is commands sent for a decision: less than 1 where several
// decisions go in one, or where none is sent for a denial that is certain.
//
// The rueidislimiter that comes with rueidis is not measured: as a module of its
// own it could not be had from the module proxy.
//
// [redis.Open]: https://pkg.go.dev/github.com/throttled-go/throttled/store/redis#Open
package redis
