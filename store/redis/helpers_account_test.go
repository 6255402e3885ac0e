package redis_test

import (
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis"
)

// inspect opens a store that takes no part in a test's trouble.
func (l *load) inspect(url string) *redis.Store {
	l.Helper()
	return openStore(l.T, url, redis.Options{Timeout: patience})
}

// exact requires that Redis has charged exactly what it granted, and in addition
// at most once what each call asked for that got no answer.
func (l *load) exact(url string) {
	l.Helper()
	l.compare(url, func(key string, charged int64, a *account) {
		assert.LessOrEqual(l, a.granted.Load(), charged, "%s: granted, but not charged", key)
	})
}

// notTwice is exact for a Redis that may have forgotten what it granted.
func (l *load) notTwice(url string) {
	l.Helper()
	l.compare(url, func(string, int64, *account) {})
}

// compare compares the accounts with what Redis has charged.
func (l *load) compare(url string, also func(key string, charged int64, a *account)) {
	l.Helper()
	s, granted := l.inspect(url), int64(0)
	for key, a := range l.limit.accounts {
		charged := used(l.T, limiterBy(l.T, s, throttled.TokenBucket, slowly(200_000)), key)
		granted += a.granted.Load()
		assert.LessOrEqual(l, charged, a.granted.Load()+a.unknown.Load(), "%s: charged twice", key)
		also(key, charged, a)
	}
	assert.Positive(l, granted)
}

// bounded requires that a key was granted at most its quota, and as much again
// for each failover, in which Redis may forget. Of a line, Redis also forgets the
// places ahead, and those who have one still go through.
func (l *load) bounded(failovers int64) {
	l.Helper()
	took := time.Since(l.began)
	for key, a := range l.scarce.accounts {
		assert.LessOrEqual(l, a.granted.Load(), scarceCapacity*(1+failovers), key)
	}
	came := int64(lineRate*took/time.Second) + 1
	ahead := int64(lineRate * lineWithin / time.Second)
	for key, a := range l.wait.accounts {
		assert.LessOrEqual(l, a.granted.Load(), lineBurst+came+failovers*(lineBurst+ahead), key)
	}
}

// underLoad runs trouble while callers are at work, and then ends the load. The
// callers must be served before and after.
func underLoad(l *load, failovers int64, trouble func()) {
	l.Helper()
	l.served()
	trouble()
	l.served()
	l.stop()
	l.bounded(failovers)
	require.False(l, l.Failed())
}
