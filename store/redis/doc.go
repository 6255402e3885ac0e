// Package redis has the store of throttled for many machines: [Store] keeps its
// buckets in Redis 6.2 or later, or Valkey, on one server, under Sentinel or in
// a cluster, and all processes that reach it share them.
//
//	s, err := redis.Open("redis://localhost:6379", redis.Options{})
//	...
//	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(100), Store: s})
//
// Each decision is one call of a script, which Redis carries out atomically, by
// its own clock, in microseconds and in integers: the answers are exactly those
// that the memory stores give, counted in microseconds. A wait takes its place
// in line in the same call, first come, first served over all processes, and
// sleeps in its own process until its turn.
//
// A bucket is one key of Redis, named by prefix, algorithm, quota and the
// user's key, parted by colons, so it works in a cluster as it is. It expires
// when the bucket is as good as one that was never used. Redis must not evict
// such keys before: set maxmemory-policy to noeviction.
//
// No caller waits longer than its context, whatever Redis does, and no caller's
// context harms the command of another. While Redis is away the store answers
// as [Options].OnFailure says, after a few failures within microseconds, and
// takes up its work by itself when Redis is back.
package redis
