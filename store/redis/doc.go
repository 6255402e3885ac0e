// Package redis is the store of throttled for many machines. [Store] keeps its
// buckets in Redis 6.2 or later, or Valkey: on one server, under Sentinel or in a
// cluster. All processes that reach it share them.
//
//	s, err := redis.Open("redis://localhost:6379", redis.Options{})
//	...
//	limiter, err := sync.New(throttled.Config{Quota: throttled.PerSecond(100), Store: s})
//
// A decision is one call of a script. Redis carries it out atomically, by its own
// clock and in integers, so the answers are exactly those of the memory stores,
// counted in microseconds. A Wait takes its place in line in the same call, first
// come, first served over all processes, and waits for its turn in its own
// process.
//
// A bucket is one key of Redis, named by prefix, algorithm, quota and the user's
// key, separated by colons. That works in a cluster as it is. The key expires when
// the bucket is as good as one that was never used. Redis must not evict it
// earlier: set maxmemory-policy to noeviction.
//
// No call outlasts its context, whatever Redis does, and no context harms the
// calls of others. While Redis is away the store answers as [Options].OnFailure
// says, and after a few failures within microseconds. It resumes by itself when
// Redis is back.
package redis
