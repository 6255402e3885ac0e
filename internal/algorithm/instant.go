package algorithm

import "math"

// Never is the instant of a turn that does not come. It is also how long that
// takes.
const Never int64 = math.MaxInt64

// The bounds of the package, in ticks.
const (
	MaxNow    = 1 << 62
	MaxPeriod = 1 << 59 // 18 years, if a tick is a nanosecond
	MaxRefill = 1 << 60 // 36 years
)

// MaxAhead is how far ahead of now a store lets anybody wait for a turn, in
// nanoseconds: 36 years. It keeps every instant within 63 bits.
const MaxAhead = 1 << 60

// After returns the instant so many ticks after now, at the latest Never.
func After(now, ticks int64) int64 {
	if ticks > Never-now {
		return Never
	}
	return now + ticks
}
