package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/throttled-go/throttled"
)

// buckets is about what has a bucket of its own and what shares one.
func (s *suite) buckets() []testCase {
	cases := []testCase{
		{"equal settings share", (*trial).equalShare},
		{"other settings do not share", (*trial).othersDoNot},
		{"keys do not share", (*trial).keysAreApart},
		{"Config.Key is a key like any other", (*trial).configKey},
		{"the default prefix is a prefix", (*trial).defaultPrefix},
	}
	if !s.real {
		cases = append(cases, testCase{"stores do not share", (*trial).storesAreApart})
	}
	return cases
}

// left holds that l has left at key after one is taken.
func (b *trial) left(what string, l Limiter, key string, want int64) {
	b.Helper()
	if got := b.take(l, key, 1).Remaining(); got != want {
		b.Errorf("%s: %d left, want %d", what, got, want)
	}
}

func (b *trial) equalShare() {
	five := throttled.MustParseQuota("24/d burst 5")
	asIs := func(next throttled.Handler) throttled.Handler { return next }
	for i, cfg := range []throttled.Config{
		{Quota: five},
		{Quota: five},
		{Quota: throttled.PerDay(24).WithBurst(5)},
		{Quota: five, Timeout: time.Nanosecond, Key: "other", Hooks: []throttled.Hook{asIs}},
	} {
		b.left(fmt.Sprintf("config %d", i), b.newLimiter(cfg), key, int64(4-i))
	}
	full := b.newLimiter(throttled.Config{Quota: throttled.PerDay(24).WithBurst(24)})
	b.left("a burst that is the limit", full, key, 23)
	b.left("and one left out", b.newLimiter(throttled.Config{Quota: throttled.PerDay(24)}), key, 22)
}

func (b *trial) othersDoNot() {
	quota := throttled.MustParseQuota
	for i, cfg := range []throttled.Config{
		{Quota: quota("5/d")},
		{Quota: quota("5/d"), Prefix: "-other"},
		{Quota: quota("5/d"), Algorithm: throttled.GCRA},
		{Quota: quota("5/d"), Algorithm: throttled.LeakyBucket},
		{Quota: quota("5/d"), Algorithm: throttled.FixedWindow},
		{Quota: quota("5/d"), Algorithm: throttled.SlidingWindow},
		{Quota: quota("6/d burst 5")},
		{Quota: quota("5/w")},
		{Quota: quota("5/d; 5/w")},
		{Quota: quota("5/w; 5/d")},
		{Quota: quota("5/d; 5/d")},
	} {
		b.left(fmt.Sprintf("config %d", i), b.newLimiter(cfg), key, 4)
	}
}

// awkwardKeys are keys that a store might mix up, cut or trip over.
func awkwardKeys() []string {
	long := strings.Repeat("0123456789abcdef", 256)
	return []string{
		"a", "A", " a", "a ", "a b", "a  b", "a\tb", "a\nb", "a\r\nb", "a\x00b", "a\x00", "\x00", " ",
		":", "a:b", "a:b:", ":a:b", "a::b", "5/d:a", "token_bucket:5/d:a", "throttled:token_bucket:5/d:a",
		"{", "}", "{}", "{a}b", "{a}c", "a{b}", "{a", "a}", "*", "?", "[a]", "%s", "%00", "'", `"`, `\`, "a/b", "../a",
		"ключ", "鍵", "🔑", "\u00e9", "e\u0301", "\u00a0", "\u200b", "\xff", "\xff\xfe",
		long, long + "0", long[1:], "1" + long[1:],
	}
}

func (b *trial) keysAreApart() {
	l := b.of(throttled.TokenBucket, "5/d")
	for _, want := range []int64{4, 3} {
		for _, key := range awkwardKeys() {
			what := key
			if len(what) > 20 {
				what = fmt.Sprintf("%s… (%d bytes)", what[:20], len(key))
			}
			b.left(fmt.Sprintf("key %q", what), l, key, want)
		}
	}
}

func (b *trial) configKey() {
	l := b.newLimiter(throttled.Config{Quota: throttled.PerDay(5), Key: "fallback"})
	b.left("an empty key", l, "", 4)
	b.left("the key of the Config", l, "fallback", 3)
	b.left("another key", l, key, 4)
	b.left("an empty key again", l, "", 2)
	if left := b.peek(l, "").Remaining; left != 2 {
		b.Errorf("Peek of an empty key has %d left, want 2", left)
	}
}

func (b *trial) defaultPrefix() {
	unused := b.prefix // here it is to tell the key from those of other runs
	open := func(prefix string) Limiter {
		l, err := b.limiter(throttled.Config{Quota: throttled.PerDay(5), Prefix: prefix, Store: b.store})
		b.require("New", err)
		return l
	}
	b.left("no prefix", open(""), unused, 4)
	b.left("the default prefix", open("throttled"), unused, 3)
	b.left("another prefix", open("throttled2"), unused, 4)
}

func (b *trial) storesAreApart() {
	cfg := throttled.Config{Quota: throttled.PerDay(5)}
	b.left("one store", b.newLimiter(cfg), key, 4)
	cfg.Store = b.openStore()
	b.left("another", b.newLimiter(cfg), key, 4)
}
