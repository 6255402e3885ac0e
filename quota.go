package throttled

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxRates is how many rates a quota may have: each adds to the state of every
// key and to the work of every decision.
const maxRates = 8

// Quota is what a key may use up: one or more rates, all of which must hold.
// A request is allowed only if every rate allows it, and is then charged to
// every one; else to none.
//
//	throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000))
//	throttled.MustParseQuota("10/s burst 20; 1000/h")
//
// Building a quota reports no errors. One that is out of bounds is kept as it
// was asked for, and New and MarshalText return [ErrInvalidQuota] with all of
// its faults.
//
// The zero Quota has no rates and an empty text; in a Config it stands for 60
// per minute. A Quota is an immutable value: it may be copied and shared
// between goroutines. It holds a slice, so compare two by their String.
type Quota struct {
	// rates is in normal form, never written to once it is here, and nil if
	// there are none.
	rates []Rate
}

// PerSecond returns the quota of n in every second.
func PerSecond(n int64) Quota { return Per(n, time.Second) }

// PerMinute returns the quota of n in every minute.
func PerMinute(n int64) Quota { return Per(n, time.Minute) }

// PerHour returns the quota of n in every hour.
func PerHour(n int64) Quota { return Per(n, time.Hour) }

// PerDay returns the quota of n in every 24 hours.
func PerDay(n int64) Quota { return Per(n, day) }

// PerWeek returns the quota of n in every 7 days of 24 hours.
func PerWeek(n int64) Quota { return Per(n, week) }

// Per returns the quota of n in every d. The ranges of n and d are those of
// [Rate].
func Per(n int64, d time.Duration) Quota { return NewQuota(Rate{Limit: n, Period: d}) }

// NewQuota returns the quota of all the rates given, at most 8. Without any it
// returns the zero Quota.
func NewQuota(rates ...Rate) Quota {
	if len(rates) == 0 {
		return Quota{}
	}
	normal := make([]Rate, len(rates))
	for i, r := range rates {
		normal[i] = r.normal()
	}
	return Quota{rates: normal}
}

// WithBurst returns q with n, 1 to 2^48−1, as the burst of its last rate; 0
// returns that to the default, which is the limit. The zero Quota has no rate
// to take it, and becomes an invalid one.
func (q Quota) WithBurst(n int64) Quota {
	rates := q.Rates()
	if len(rates) == 0 {
		// Left as it is, it would be read as 60 per minute, without the burst.
		rates = []Rate{{}}
	}
	rates[len(rates)-1].Burst = n
	return NewQuota(rates...)
}

// And returns the quota that holds both q and more: the rates of q, then those
// of more. The zero Quota adds nothing.
func (q Quota) And(more Quota) Quota {
	return Quota{rates: slices.Concat(q.rates, more.rates)}
}

// Rates returns a copy of the rates in their order. A Burst equal to the Limit
// is given as 0.
func (q Quota) Rates() []Rate { return slices.Clone(q.rates) }

// String returns the canonical text of q in ASCII, such as
// "10/s burst 20; 1000/h", and "" for the zero Quota. [ParseQuota] reads it
// back to the same quota. The text of an invalid quota shows what was asked
// for, as in "-1/s", and is no quota to ParseQuota either.
func (q Quota) String() string {
	texts := make([]string, len(q.rates))
	for i, r := range q.rates {
		texts[i] = r.text()
	}
	return strings.Join(texts, "; ")
}

// MarshalText returns the text of String, or [ErrInvalidQuota] for a quota
// that is out of bounds. The zero Quota gives an empty text.
func (q Quota) MarshalText() ([]byte, error) {
	if q.rates != nil {
		if err := q.validate(); err != nil {
			return nil, err
		}
	}
	return []byte(q.String()), nil
}

// UnmarshalText sets *q as [ParseQuota] reads text, except that an empty text
// gives the zero Quota: a value left out of a configuration stays left out.
// On an error *q is unchanged.
func (q *Quota) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*q = Quota{}
		return nil
	}
	parsed, err := ParseQuota(string(text))
	if err != nil {
		return err
	}
	*q = parsed
	return nil
}

// validate returns every fault of q, joined, or nil. The zero Quota is at
// fault.
func (q Quota) validate() error {
	text := q.String()
	var faults []error
	switch n := len(q.rates); {
	case n == 0:
		faults = append(faults, noRates(text))
	case n > maxRates:
		faults = append(faults, tooManyRates(text, fmt.Sprintf("%d rates", n)))
	}
	for _, r := range q.rates {
		faults = append(faults, r.validate(text, r.text()))
	}
	return errors.Join(faults...)
}

func noRates(quota string) error {
	return invalidQuota(quota, "no rate", "give 1 to 8 rates, "+quotaLike)
}

func tooManyRates(quota, wrong string) error {
	return invalidQuota(quota, wrong, fmt.Sprintf("a quota has at most %d rates", maxRates))
}

// invalidQuota is the one form of an [ErrInvalidQuota]: the text of the quota,
// what is wrong with it, and what would do.
func invalidQuota(quota, wrong, remedy string) error {
	return fmt.Errorf("%w %s: %s; %s", ErrInvalidQuota, quote(quota), wrong, remedy)
}

// quote quotes text for an error, and shortens what would drown the rest of it.
func quote(text string) string {
	const most = 80
	if len(text) <= most {
		return strconv.Quote(text)
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strconv.Quote(text[:cut]) + "..."
}
