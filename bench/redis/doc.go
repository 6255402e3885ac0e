// Package redis measures one decision that is made in Redis, through the whole
// of the blocking face, beside INCRBY, the least that could count there, and
// beside other limiters, each driven as its own documentation says. It starts a
// server of its own for the run.
//
//	make bench-redis
//
// Server and clients share the processors, so the figures of two runs, let alone
// of two machines, cannot be compared. xINCRBY can: it is the decisions in a
// second as a ratio to those of INCRBY by the client that [redis.Open] makes,
// measured just before and just after, with as many callers at as many keys.
// cpu-µs/op is the processor time of the clients for a decision, redis-µs/op that
// of Redis in the commands. trips/op is commands sent for a decision: less than 1
// where several decisions go in one, or where none is sent for a certain denial.
//
// The rueidislimiter that comes with rueidis is not measured: as a module of its
// own it could not be had from the module proxy.
//
// [redis.Open]: https://pkg.go.dev/github.com/throttled-go/throttled/store/redis#Open
package redis
