package workload

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// timeForms are the forms of a time beside a Unix time. One without a zone is
// taken as UTC.
var timeForms = []string{
	"02/Jan/2006:15:04:05 -0700", // of the access logs
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700", // a zone without a colon
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999",
}

// parseTime returns the instant of a text in Unix nanoseconds.
func parseTime(text string) (int64, error) {
	if at, ok := parseUnix(text); ok {
		return at, nil
	}
	for _, form := range timeForms {
		if at, err := time.Parse(form, text); err == nil {
			return instant(at)
		}
	}
	return 0, fmt.Errorf("the time %q is not like 2006-01-02T15:04:05Z, 2006-01-02 15:04:05 (in UTC), 10/Oct/2000:13:55:36 -0700 "+
		"or a Unix time in seconds, ms, µs or ns", text)
}

var errInstant = errors.New("the time is not between 1970 and 2116")

// instant returns t in Unix nanoseconds, if it is one of the library's instants.
func instant(t time.Time) (int64, error) {
	if t.Unix() < 0 || t.Unix() >= maxInstant/int64(time.Second) {
		return 0, errInstant // its nanoseconds might not fit
	}
	return t.UnixNano(), nil
}

// unixUnits are told apart by size: each begins where the one before is past
// the year 5000 and itself not past 1973.
var unixUnits = []struct{ below, nanoseconds int64 }{
	{1e11, 1e9},
	{1e14, 1e6},
	{1e17, 1e3},
	{math.MaxInt64, 1},
}

// parseUnix reads a number of seconds, milliseconds, microseconds or
// nanoseconds. Digits beyond the nanosecond are dropped.
func parseUnix(text string) (int64, bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil {
		return 0, false
	}
	fraction, err := strconv.ParseUint((decimals + "000000000")[:9], 10, 63)
	if err != nil || strings.Trim(decimals, "0123456789") != "" {
		return 0, false
	}
	for _, unit := range unixUnits {
		if int64(n) < unit.below {
			if int64(n) >= maxInstant/unit.nanoseconds {
				return maxInstant + 1, true // the product might not fit, and is refused anyway
			}
			return int64(n)*unit.nanoseconds + int64(fraction)*unit.nanoseconds/1e9, true
		}
	}
	return 0, false
}
