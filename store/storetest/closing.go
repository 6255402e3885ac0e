package storetest

import (
	"github.com/throttled-go/throttled"
)

// closing is about a store that is closed.
func (s *suite) closing() []testCase {
	cases := []testCase{
		{"twice does nothing", (*trial).closeTwice},
		{"every later call is told", (*trial).callsAfterClose},
	}
	if s.line || !s.real {
		cases = append(cases, testCase{"those who wait are told", (*trial).closeWhileWaiting})
	}
	return cases
}

func (b *trial) closeStore() {
	b.Helper()
	b.require("Close", b.store.Close())
}

func (b *trial) closeTwice() {
	b.take(b.of(throttled.TokenBucket, "24/d burst 5"), key, 1)
	b.closeStore()
	b.closeStore()
}

func (b *trial) callsAfterClose() {
	for _, a := range everyAlgorithm {
		l := b.patient(a, "5/d", hour)
		b.closeStore()
		for name, call := range verbs(l) {
			for _, cost := range []int64{0, 1, 6} {
				b.isError(a.String()+" "+name, call(b.ctx, key, cost), throttled.ErrClosed)
			}
		}
	}
}

// closeWhileWaiting: who waits by retrying finds out when it tries again.
func (b *trial) closeWhileWaiting() {
	l := b.patient(throttled.TokenBucket, "24/d burst 5", 1000*hour)
	b.take(l, key, 5)
	calls := []*call{b.beginWait(b.ctx, l, 1), b.beginLimit(l, 1), b.beginWait(b.ctx, l, 5)}
	if b.line {
		queue := b.of(throttled.LeakyBucket, "24/d burst 5")
		b.take(queue, key, 3)
		calls = append(calls, b.beginWait(b.ctx, queue, 1), b.beginWait(b.ctx, queue, 1))
	}
	b.closeStore()
	for _, c := range calls {
		<-c.done
		b.isError("one who waited", c.err, throttled.ErrClosed)
		if b.line && !b.real {
			b.isAt("one who waited", c.at, 0)
		}
	}
}
