package throttled

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"time"
)

// Rate is one bound of a [Quota]: at most Limit in Period, in the manner of
// the [Algorithm] that holds it. Besides the ranges below, a whole burst must
// come back within 36 years: Burst·Period/Limit is at most 2^60 ns.
type Rate struct {
	// Limit is how much a key may use up in one Period: 1 to 2^48−1.
	Limit int64

	// Period is what Limit is counted over: 1 ns to 2^59 ns (18 years). Days
	// are of 24 hours. Windows start at whole multiples of Period since the
	// Unix epoch, so those of a day start at midnight UTC and those of a week
	// on a Thursday.
	Period time.Duration

	// Burst is the greatest cost that a bucket lets through at one instant,
	// and what it saves up while unused: 1 to 2^48−1, and 0 means Limit.
	// Windows ignore it.
	Burst int64
}

const (
	day  = 24 * time.Hour
	week = 7 * day

	// A limit or burst of 48 bits times any period stays within 128 bits with
	// room to spare, and as a Remaining it fits into a Result.
	maxAmount = 1<<48 - 1

	periodAllowed = "a period is 1ns to 2^59ns (18 years)"
)

// amountAllowed says what a limit or a burst may be.
func amountAllowed(name string) string {
	return fmt.Sprintf("a %s is 1 to %d (2^48-1)", name, int64(maxAmount))
}

// validate returns every fault of r, joined. The texts of the whole quota and
// of this rate are quoted in them.
func (r Rate) validate(quota, rate string) error {
	var faults []error
	fault := func(field, allowed string) {
		faults = append(faults, invalidQuota(quota, field+" in "+quote(rate)+" is out of range", allowed))
	}
	if r.Limit < 1 || r.Limit > maxAmount {
		fault(fmt.Sprintf("limit %d", r.Limit), amountAllowed("limit"))
	}
	if r.Period < 1 || r.Period > maxPeriod {
		fault("period "+periodText(r.Period), periodAllowed)
	}
	if r.Burst < 0 || r.Burst > maxAmount {
		fault(fmt.Sprintf("burst %d", r.Burst), amountAllowed("burst")+", or left out to equal the limit")
	}
	if faults == nil && !r.refills() {
		fault(fmt.Sprintf("burst %d", r.burst()), "burst * period / limit is at most 2^60ns (36 years)")
	}
	return errors.Join(faults...)
}

// refills reports whether Burst·Period ≤ 2^60·Limit, for a rate whose fields
// are each in range.
func (r Rate) refills() bool {
	hi, lo := bits.Mul64(uint64(r.burst()), uint64(r.Period))
	maxHi, maxLo := bits.Mul64(maxRefill, uint64(r.Limit))
	return hi < maxHi || hi == maxHi && lo <= maxLo
}

// burst returns the burst in effect.
func (r Rate) burst() int64 {
	if r.Burst == 0 {
		return r.Limit
	}
	return r.Burst
}

// normal returns r with a burst that says nothing left out, so that rates that
// mean the same are the same. A limit out of range keeps its burst: that has
// to be reported too.
func (r Rate) normal() Rate {
	if r.Limit > 0 && r.Burst == r.Limit {
		r.Burst = 0
	}
	return r
}

// text returns the canonical text of r, and something readable if r is
// invalid.
func (r Rate) text() string {
	text := strconv.FormatInt(r.Limit, 10) + "/" + periodText(r.Period)
	if r.Burst != 0 {
		text += " burst " + strconv.FormatInt(r.Burst, 10)
	}
	return text
}

// periodUnits has every unit but the nanosecond, the longest first.
var periodUnits = [...]struct {
	name   string
	length time.Duration
}{
	{"w", week},
	{"d", day},
	{"h", time.Hour},
	{"m", time.Minute},
	{"s", time.Second},
	{"ms", time.Millisecond},
	{"us", time.Microsecond},
}

// periodText writes d in the longest unit that divides it. A single unit has
// no number, except below the second: "5/ms" is too easily taken for minutes.
func periodText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	for _, unit := range periodUnits {
		if d%unit.length != 0 {
			continue
		}
		if d == unit.length && d >= time.Second {
			return unit.name
		}
		return strconv.FormatInt(int64(d/unit.length), 10) + unit.name
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
