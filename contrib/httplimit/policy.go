package httplimit

import (
	"math/bits"
	"strconv"
	"time"

	"github.com/throttled-go/throttled"
)

// policy is one rate of a quota as the fields tell it: an item of RateLimit-Policy.
type policy struct {
	name     string
	limit    int64 // of the rate
	period   time.Duration
	capacity int64 // q: the burst of a bucket, the limit of a window
	window   int64 // w in whole seconds; 0: not told, because it is below one

	item    string // the item of RateLimit up to the value of r
	problem []byte // what a denial by this policy is answered
}

// newPolicy requires a rate of a limiter, so one that was validated.
func newPolicy(name string, algorithm throttled.Algorithm, rate throttled.Rate) policy {
	p := policy{
		name:     name,
		limit:    rate.Limit,
		period:   rate.Period,
		capacity: capacityOf(algorithm, rate),
		item:     quoted(name) + ";r=",
		problem:  quotaExceeded(name),
	}
	// The field knows whole seconds only. Rounded up, q/w is at most the rate.
	if p.leaks(p.capacity, false) >= time.Second {
		p.window = seconds(p.leaks(p.capacity, true))
	}
	return p
}

// windowed reports whether the algorithm counts in windows, which ignore the burst.
func windowed(algorithm throttled.Algorithm) bool {
	return algorithm == throttled.FixedWindow || algorithm == throttled.SlidingWindow
}

// capacityOf returns the greatest cost that the rate ever lets through at once.
func capacityOf(algorithm throttled.Algorithm, rate throttled.Rate) int64 {
	if rate.Burst > 0 && !windowed(algorithm) {
		return rate.Burst
	}
	return rate.Limit
}

// policyField returns the item of RateLimit-Policy. The unit is that of the quota, ""
// where it is requests.
func (p *policy) policyField(unit string) string {
	text := quoted(p.name) + ";q=" + strconv.FormatInt(p.capacity, 10)
	if unit != "" {
		text += ";qu=" + quoted(unit)
	}
	if p.window > 0 {
		text += ";w=" + strconv.FormatInt(p.window, 10)
	}
	return text
}

// leaks returns how long n, 0 to the capacity, takes to come back at the pace of the
// rate: n·period/limit, rounded to a whole nanosecond. It is at most 2^60 ns,
// which the bounds of a quota see to.
func (p *policy) leaks(n int64, up bool) time.Duration {
	hi, lo := bits.Mul64(uint64(n), uint64(p.period))
	quotient, rest := bits.Div64(hi, lo, uint64(p.limit))
	if up && rest > 0 {
		quotient++
	}
	return time.Duration(quotient)
}

// remaining returns r. A hook may have answered with numbers that are not those of
// the quota, and r is never above q.
func (p *policy) remaining(res throttled.Result) int64 { return min(res.Remaining(), p.capacity) }

// pace returns the whole seconds, at least 1, that r is for: enough that r/t is not above
// q/w.
func (p *policy) pace(r int64) int64 {
	hi, lo := bits.Mul64(uint64(r), uint64(p.window))
	t, rest := bits.Div64(hi, lo, uint64(p.capacity))
	if rest > 0 {
		t++
	}
	return max(1, int64(t))
}

// untilNextWindow returns how long the window lasts in which res was answered. Where the
// rate is the only one, ResetAfter tells it by the clock of the store.
func (p *policy) untilNextWindow(res throttled.Result, only bool) time.Duration {
	if reset := res.ResetAfter(); only && reset > 0 {
		if reset > p.period { // the window after this one weighs this one
			reset -= p.period
		}
		return reset
	}
	return p.period - time.Duration(time.Now().UnixNano()%int64(p.period))
}

// untilNextUnit returns how long it takes at most a bucket that may be empty to get one
// unit back: until all but one have come back, and no more than one unit takes. With
// several rates ResetAfter tells only the longest, and what it says of one that is
// not empty may be negative.
func (p *policy) untilNextUnit(res throttled.Result) time.Duration {
	return min(p.leaks(1, true), res.ResetAfter()-p.leaks(p.capacity-1, false))
}

// retryAfter returns the value of Retry-After of a denial; 0 means that there is none,
// because asking again never makes sense.
func retryAfter(res throttled.Result) int64 {
	if res.RetryAfter() == throttled.Never {
		return 0
	}
	return seconds(res.RetryAfter())
}

// seconds returns d in whole seconds, rounded up, and at least 1.
func seconds(d time.Duration) int64 {
	whole := int64(d / time.Second)
	if d%time.Second > 0 {
		whole++
	}
	return max(1, whole)
}

// quoted returns text, printable ASCII, as a String of RFC 9651.
func quoted(text string) string {
	buf := []byte{'"'}
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			buf = append(buf, '\\')
		}
		buf = append(buf, text[i])
	}
	return string(append(buf, '"'))
}

// printable reports whether text is printable ASCII, which a String of RFC 9651 can say.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
