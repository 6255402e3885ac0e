package throttled

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What an error proposes. quotaLike shows every form once.
const (
	quotaLike   = `as in "100/s burst 200" or "10 per 2 minutes; 1000/d"`
	limitLike   = "a rate starts with its limit in plain digits, as in 100/s burst 200"
	perLike     = "after the limit, in plain digits, comes / or per, as in 100/s or 100 per second"
	burstLike   = "after burst comes a number in plain digits, as in 100/s burst 200"
	rateEnds    = "after its period a rate has at most a burst, and the next one comes after , ; or |"
	wholeLike   = "for a fraction of a limit take a longer period, as in 3/2s"
	periodLike  = "a period is a unit, or numbers with units, as in 10/m or 10/1h30m"
	unitsLike   = "units are s, m, h, d and w, or spelt out as in minutes, and ms, us and ns"
	oneUnitLike = "a unit shorter than a second has its number, as in 5/1ms"
)

// ParseQuota returns the quota that text describes. A rate is a limit, "/" or
// "per", and a period, and may be followed by "burst" and a number:
//
//	100/s               100 per second
//	10/s burst 20; 1000/h
//	10/2m               10 per 2 minutes
//	5/500ms             10/1h30m            10/1.5h
//
// Units are, in any letter case: s sec secs second seconds, m min mins minute
// minutes, h hr hrs hour hours, d day days (24 hours), w wk wks week weeks; and
// ms, us or µs, and ns, which always have a number. A period may be a sum, as
// in Go's durations, and must come to whole nanoseconds.
//
// Rates, 1 to 8, are separated by "," or ";" or "|", and empty pieces between
// those are ignored. Blanks, tabs and newlines are free between numbers, words
// and signs. Numbers are plain digits: no sign, no "_", no exponent. The ranges
// are those of [Rate], and to have the default burst, leave burst out.
//
// An error is [ErrInvalidQuota], and quotes the text, what is wrong in it and
// what would do.
func ParseQuota(text string) (Quota, error) {
	p := quotaParser{text: text}
	p.next()
	var rates []Rate
	for p.tok.kind != tokenEnd {
		if p.tok.kind == tokenSeparator {
			p.next()
			continue
		}
		if len(rates) == maxRates {
			return Quota{}, tooManyRates(text, "another rate at "+quote(text[p.tok.at:]))
		}
		r, err := p.rate()
		if err != nil {
			return Quota{}, err
		}
		rates = append(rates, r)
	}
	if len(rates) == 0 {
		return Quota{}, noRates(text)
	}
	return NewQuota(rates...), nil
}

// MustParseQuota is [ParseQuota] for a text that is fixed in the source: it
// panics where ParseQuota returns an error.
func MustParseQuota(text string) Quota { return Must(ParseQuota(text)) }

// quotaParser reads a text with one token in hand. Each method reads what its
// name says and leaves the token after it in hand.
type quotaParser struct {
	text  string
	tok   token
	start int // of the rate in hand
	end   int // of the token before tok
}

func (p *quotaParser) next() {
	p.end = p.tok.at + len(p.tok.text)
	p.tok = scan(p.text, p.end)
}

func (p *quotaParser) rate() (Rate, error) {
	var r Rate
	var err error
	p.start = p.tok.at
	if r.Limit, err = p.amount("limit", limitLike); err != nil {
		return Rate{}, err
	}
	if p.tok.kind != tokenSlash && !p.tok.is("per") {
		return Rate{}, p.misplaced("/ or per", perLike)
	}
	p.next()
	if r.Period, err = p.period(); err != nil {
		return Rate{}, err
	}
	if p.tok.is("burst") {
		if r.Burst, err = p.burst(); err != nil {
			return Rate{}, err
		}
	}
	if p.tok.kind != tokenSeparator && p.tok.kind != tokenEnd {
		return Rate{}, p.misplaced("the end of the rate", rateEnds)
	}
	return r, r.validate(p.text, p.text[p.start:p.end])
}

// amount reads a limit or a burst.
func (p *quotaParser) amount(name, like string) (int64, error) {
	if p.tok.kind != tokenNumber {
		return 0, p.misplaced("a "+name, like)
	}
	if strings.Contains(p.tok.text, ".") {
		return 0, p.fail(name+" "+quote(p.tok.text)+" is not a whole number", wholeLike)
	}
	n, err := strconv.ParseInt(p.tok.text, 10, 64)
	if err != nil { // it is all digits, so it can only be out of range
		return 0, p.fail(name+" "+quote(p.tok.text)+" is too large", amountAllowed(name))
	}
	p.next()
	return n, nil
}

func (p *quotaParser) burst() (int64, error) {
	start := p.tok.at
	p.next()
	n, err := p.amount("burst", burstLike)
	if err == nil && n == 0 {
		// In a Rate 0 is the default; who writes it out means something else.
		return 0, p.fail(quote(p.text[start:p.end])+" lets nothing through", amountAllowed("burst")+", or left out to equal the limit")
	}
	return n, err
}

// period reads a unit alone, or a sum of numbers with units.
func (p *quotaParser) period() (time.Duration, error) {
	if p.tok.kind == tokenWord {
		name := p.tok.text
		unit, err := p.unit()
		if err == nil && unit < time.Second {
			return 0, p.fail("unit "+quote(name)+" without a number", oneUnitLike)
		}
		return unit, err
	}
	if p.tok.kind != tokenNumber {
		return 0, p.misplaced("a period", periodLike)
	}
	start := p.tok.at
	var sum time.Duration
	for p.tok.kind == tokenNumber {
		number := p.tok.text
		p.next()
		unit, err := p.unit()
		if err != nil {
			return 0, err
		}
		d, whole, fits := multiply(number, unit)
		if !whole {
			return 0, p.fail("period "+quote(p.text[start:p.end])+" is no whole number of nanoseconds", periodAllowed)
		}
		if !fits || d > math.MaxInt64-sum {
			return 0, p.fail("period "+quote(p.text[start:p.end])+" is too long", periodAllowed)
		}
		sum += d
	}
	return sum, nil
}

func (p *quotaParser) unit() (time.Duration, error) {
	if p.tok.kind != tokenWord {
		return 0, p.misplaced("a unit", unitsLike)
	}
	unit := unitNamed(strings.ToLower(p.tok.text))
	if unit == 0 {
		return 0, p.fail("unknown unit "+quote(p.tok.text), unitsLike)
	}
	p.next()
	return unit, nil
}

// misplaced is the error of a token in hand that is not the one wanted.
func (p *quotaParser) misplaced(wanted, remedy string) error {
	found := quote(p.tok.text)
	if p.tok.kind == tokenEnd {
		found = "the end"
	}
	if p.end > p.start {
		found += " after " + quote(p.text[p.start:p.end])
	}
	return p.fail("found "+found+" where "+wanted+" should be", remedy)
}

func (p *quotaParser) fail(wrong, remedy string) error { return invalidQuota(p.text, wrong, remedy) }

// unitNamed returns the length of the unit, or 0 if there is none of that
// name.
func unitNamed(name string) time.Duration {
	switch name {
	case "ns":
		return time.Nanosecond
	case "us", "µs", "μs": // the micro sign and the Greek letter, as in time.ParseDuration
		return time.Microsecond
	case "ms":
		return time.Millisecond
	case "s", "sec", "secs", "second", "seconds":
		return time.Second
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "d", "day", "days":
		return day
	case "w", "wk", "wks", "week", "weeks":
		return week
	}
	return 0
}

// multiply returns number units. The number is digits with at most one point
// among them; the result is good if it is a whole number of nanoseconds and
// fits.
func multiply(number string, unit time.Duration) (d time.Duration, whole, fits bool) {
	integer, fraction, _ := strings.Cut(number, ".")
	part, whole := fractionOf(unit, fraction)
	n, err := strconv.ParseUint("0"+integer, 10, 64)
	hi, lo := bits.Mul64(n, uint64(unit))
	if err != nil || hi > 0 || lo > math.MaxInt64-uint64(part) {
		return 0, whole, false
	}
	return time.Duration(lo) + part, whole, true
}

// fractionOf returns the fraction 0.digits of unit, and reports whether that is
// a whole number of nanoseconds.
func fractionOf(unit time.Duration, digits string) (time.Duration, bool) {
	digits = strings.TrimRight(digits, "0")
	// What does not end in 0 lacks a factor of 2 or of 5, which the unit has to
	// bring in for every digit. No unit has more than 2^16 (a day) or 5^11.
	if len(digits) > 16 {
		return 0, false
	}
	numerator, denominator := uint64(0), uint64(1)
	for _, digit := range []byte(digits) {
		numerator = numerator*10 + uint64(digit-'0')
		denominator *= 10
	}
	hi, lo := bits.Mul64(numerator, uint64(unit))
	part, rest := bits.Div64(hi, lo, denominator) // less than unit, so it cannot overflow
	return time.Duration(part), rest == 0
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenWord
	tokenSlash
	tokenSeparator
	tokenOther
)

// token is a piece of the text, and at is where it starts.
type token struct {
	kind tokenKind
	text string
	at   int
}

// is reports whether the token is the word, which is in lower case.
func (t token) is(word string) bool {
	return t.kind == tokenWord && strings.ToLower(t.text) == word
}

// scan returns the first token of text at or behind from.
func scan(text string, from int) token {
	rest := strings.TrimLeftFunc(text[from:], unicode.IsSpace)
	at := len(text) - len(rest)
	if rest == "" {
		return token{tokenEnd, "", at}
	}
	if n := numberLen(rest); n > 0 {
		return token{tokenNumber, rest[:n], at}
	}
	first, size := utf8.DecodeRuneInString(rest)
	switch {
	case unicode.IsLetter(first):
		word := len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsLetter))
		return token{tokenWord, rest[:word], at}
	case first == '/':
		return token{tokenSlash, rest[:size], at}
	case first == ',' || first == ';' || first == '|':
		return token{tokenSeparator, rest[:size], at}
	}
	return token{tokenOther, rest[:size], at}
}

// numberLen returns how many bytes at the start of s are a number: digits with
// at most one point before, among or after them.
func numberLen(s string) int {
	integer := digitsLen(s)
	if !strings.HasPrefix(s[integer:], ".") {
		return integer
	}
	fraction := digitsLen(s[integer+1:])
	if integer+fraction == 0 {
		return 0
	}
	return integer + 1 + fraction
}

func digitsLen(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
