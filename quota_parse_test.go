package throttled_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

func TestParseQuota(t *testing.T) {
	for text, canonical := range map[string]string{
		// the forms
		"100/s":                  "100/s",
		"100 per second":         "100/s",
		"100/s burst 200":        "100/s burst 200",
		"10 per 2 minutes":       "10/2m",
		"10/s burst 20; 1000/h":  "10/s burst 20; 1000/h",
		"5/500ms":                "5/500ms",
		"10/2m":                  "10/2m",
		"10/s burst 10":          "10/s",
		"281474976710655/s":      "281474976710655/s",
		"1/s burst 1152921504":   "1/s burst 1152921504",
		"1/576460752303423488ns": "1/576460752303423488ns",

		// periods
		"10/1s":                      "10/s",
		"10/60s":                     "10/m",
		"10/3600 seconds":            "10/h",
		"10/24h":                     "10/d",
		"10/7d":                      "10/w",
		"10/1000ms":                  "10/s",
		"10/1000000000ns":            "10/s",
		"10/1h30m":                   "10/90m",
		"10/1h 30m":                  "10/90m",
		"10 per 1 hour 30 minutes":   "10/90m",
		"10/30m1h":                   "10/90m",
		"10/1m1m":                    "10/2m",
		"10/1.5h":                    "10/90m",
		"10/.5h":                     "10/30m",
		"10/1.h":                     "10/h",
		"10/1.50000000000000000000h": "10/90m",
		"10/0.000000001s":            "10/1ns",
		"10/1.5d":                    "10/36h",
		"10/0.5w":                    "10/84h",
		"10/0h1m":                    "10/m",
		"10/1.5us":                   "10/1500ns",
		"10/0.0000152587890625w":     "10/9228515625ns",
		"10/1h0.000000001s":          "10/3600000000001ns",

		// blanks, case and zeros
		"10per minute":           "10/m",
		"10 / 2 m":               "10/2m",
		"10/ m":                  "10/m",
		" 10/s ":                 "10/s",
		"\t10\n/\r\ns\n":         "10/s",
		"\u00a010\u00a0/\u00a0s": "10/s",
		"100/s burst200":         "100/s burst 200",
		"100/s\nburst\n200":      "100/s burst 200",
		"100/2m burst 7":         "100/2m burst 7",
		"100 PER Second BURST 7": "100/s burst 7",
		"10/2M":                  "10/2m",
		"10/2MS":                 "10/2ms",
		"10/2µS":                 "10/2us",
		"0010/0002m burst 0020":  "10/2m burst 20",
		strings.Repeat("0", 100) + "7/" + strings.Repeat("0", 100) + "3s": "7/3s",

		// several
		"1/s,2/m":                          "1/s; 2/m",
		"1/s;2/m":                          "1/s; 2/m",
		"1/s|2/m":                          "1/s; 2/m",
		"1/s\n,\n2/m":                      "1/s; 2/m",
		";;1/s;,| ;2/m;":                   "1/s; 2/m",
		"1/s burst 2,3/m burst 4":          "1/s burst 2; 3/m burst 4",
		"1/s;1/s":                          "1/s; 1/s",
		"1/s,2/s,3/s,4/s,5/s,6/s,7/s,,|":   "1/s; 2/s; 3/s; 4/s; 5/s; 6/s; 7/s",
		"1/s,2/s,3/s,4/s,5/s,6/s,7/s,8/s;": "1/s; 2/s; 3/s; 4/s; 5/s; 6/s; 7/s; 8/s",
	} {
		q, err := throttled.ParseQuota(text)
		if assert.NoError(t, err) {
			assert.Equal(t, canonical, q.String(), "%q", text)
			requireRoundTrip(t, q)
		}
	}
}

func TestParseQuotaUnits(t *testing.T) {
	for period, names := range map[time.Duration]string{
		time.Second: "s sec secs second seconds",
		time.Minute: "m min mins minute minutes",
		time.Hour:   "h hr hrs hour hours",
		day:         "d day days",
		week:        "w wk wks week weeks",
	} {
		for name := range strings.FieldsSeq(names) {
			for _, unit := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
				for format, n := range map[string]time.Duration{"7/%s": 1, "7 per %s": 1, "7/3%s": 3, "7 per 3 %s": 3, "7/0.5%s1.5%[1]s": 2} {
					q, err := throttled.ParseQuota(fmt.Sprintf(format, unit))
					require.NoError(t, err)
					require.Equal(t, throttled.Per(7, n*period), q)
				}
			}
		}
	}
	for unit, length := range map[string]time.Duration{
		"ms": time.Millisecond, "us": time.Microsecond, "ns": 1,
		"\u00b5s": time.Microsecond, "\u03bcs": time.Microsecond, "\u039cS": time.Microsecond,
	} {
		assert.Equal(t, throttled.Per(7, 3*length), throttled.MustParseQuota("7/3"+unit), unit)
		assert.Equal(t, throttled.Per(7, 3*length), throttled.MustParseQuota("7 per 3 "+unit), unit)
	}
}

// TestParseQuotaReadsDurations holds the parser to time.ParseDuration where
// that is exact.
func TestParseQuotaReadsDurations(t *testing.T) {
	for _, text := range []string{
		"1h30m", "1.5h", "90m", "1h1m1s1ms1us1ns", "1h1m1.001001001s", "0.1s", ".1s", "1.s", "2562047.5m",
		"1.1h", "0.0000000001h", "0.25us", "100000h", "1s1s1s", "0s5ns", "1µs", "1μs", "15.125m", "0.05m",
	} {
		want, err := time.ParseDuration(text)
		require.NoError(t, err)
		q, err := throttled.ParseQuota("3/" + text)
		require.NoError(t, err)
		require.Equal(t, throttled.Per(3, want), q, text)
	}
}

func TestParseQuotaRefuses(t *testing.T) {
	const (
		limits   = `a limit is 1 to 281474976710655 (2^48-1)`
		bursts   = `a burst is 1 to 281474976710655 (2^48-1)`
		orNone   = `, or left out to equal the limit`
		refills  = `burst * period / limit is at most 2^60ns (36 years)`
		periods  = `a period is 1ns to 2^59ns (18 years)`
		none     = `no rate; give 1 to 8 rates, as in "100/s burst 200" or "10 per 2 minutes; 1000/d"`
		limit    = `a rate starts with its limit in plain digits, as in 100/s burst 200`
		per      = `after the limit, in plain digits, comes / or per, as in 100/s or 100 per second`
		period   = `a period is a unit, or numbers with units, as in 10/m or 10/1h30m`
		units    = `units are s, m, h, d and w, or spelt out as in minutes, and ms, us and ns`
		numbered = `a unit shorter than a second has its number, as in 5/1ms`
		burst    = `after burst comes a number in plain digits, as in 100/s burst 200`
		ends     = `after its period a rate has at most a burst, and the next one comes after , ; or |`
		whole    = `for a fraction of a limit take a longer period, as in 3/2s`
	)
	for _, c := range []struct{ text, fault, remedy string }{
		{"10", `found the end after "10" where / or per should be`, per},
		{"/s", `found "/" where a limit should be`, limit},
		{"per second", `found "per" where a limit should be`, limit},
		{"fast", `found "fast" where a limit should be`, limit},
		{"burst 5", `found "burst" where a limit should be`, limit},
		{"1/s, burst 5", `found "burst" where a limit should be`, limit},
		{"-1/s", `found "-" where a limit should be`, limit},
		{"+1/s", `found "+" where a limit should be`, limit},
		{"\xff1/s", `found "\xff" where a limit should be`, limit},
		{"١/s", `found "١" where a limit should be`, limit},
		{"1_000/s", `found "_" after "1" where / or per should be`, per},
		{"1,000/s", `found "," after "1" where / or per should be`, per},
		{"1 000/s", `found "000" after "1" where / or per should be`, per},
		{"1e3/s", `found "e" after "1" where / or per should be`, per},
		{"0x10/s", `found "x" after "0" where / or per should be`, per},
		{"10 a second", `found "a" after "10" where / or per should be`, per},
		{"10perminute", `found "perminute" after "10" where / or per should be`, per},
		{"1/s; 10%/s", `found "%" after "10" where / or per should be`, per},
		{"1.5/s", `limit "1.5" is not a whole number`, whole},
		{"1./s", `limit "1." is not a whole number`, whole},
		{"./s", `found "." where a limit should be`, limit},

		{"10/", `found the end after "10/" where a period should be`, period},
		{"10 per", `found the end after "10 per" where a period should be`, period},
		{"10/;", `found ";" after "10/" where a period should be`, period},
		{"10//s", `found "/" after "10/" where a period should be`, period},
		{"10/-2s", `found "-" after "10/" where a period should be`, period},
		{"10/per s", `unknown unit "per"`, units},
		{"10/burst 5", `unknown unit "burst"`, units},
		{"10/fortnight", `unknown unit "fortnight"`, units},
		{"10/2 moons", `unknown unit "moons"`, units},
		{"10/1y", `unknown unit "y"`, units},
		{"10/1sburst 200", `unknown unit "sburst"`, units},
		{"10/día", `unknown unit "día"`, units},
		{"10/1e3s", `unknown unit "e"`, units},
		{"10/60", `found the end after "10/60" where a unit should be`, units},
		{"10/1h30", `found the end after "10/1h30" where a unit should be`, units},
		{"10/2;3/s", `found ";" after "10/2" where a unit should be`, units},
		{"10/1.2.3s", `found ".3" after "10/1.2" where a unit should be`, units},
		{"5/ms", `unit "ms" without a number`, numbered},
		{"5 per NS", `unit "NS" without a number`, numbered},
		{"10/1.5ns", `period "1.5ns" is no whole number of nanoseconds`, periods},
		{"10/1h0.0000000001s", `period "1h0.0000000001s" is no whole number of nanoseconds`, periods},
		{"10/0.33333333333333333333s", `period "0.33333333333333333333s" is no whole number of nanoseconds`, periods},
		{"10/15251w", `period "15251w" is too long`, periods},
		{"10/100 w 99999999999999999999s", `period "100 w 99999999999999999999s" is too long`, periods},
		{"10/9223372036854775807ns 1ns", `period "9223372036854775807ns 1ns" is too long`, periods},
		{"10/9223372036854775.8079us", `period "9223372036854775.8079us" is no whole number of nanoseconds`, periods},
		{"10/9223372036854775.808us", `period "9223372036854775.808us" is too long`, periods},
		{"10/9223372036854775807ns", `period 9223372036854775807ns in "10/9223372036854775807ns" is out of range`, periods},
		{"10/576460752303423489ns", `period 576460752303423489ns in "10/576460752303423489ns" is out of range`, periods},
		{"10/0s", `period 0s in "10/0s" is out of range`, periods},

		{"10/s 20", `found "20" after "10/s" where the end of the rate should be`, ends},
		{"10/s 20/m", `found "20" after "10/s" where the end of the rate should be`, ends},
		{"10/s and 20/m", `found "and" after "10/s" where the end of the rate should be`, ends},
		{"10/1h and 30m", `found "and" after "10/1h" where the end of the rate should be`, ends},
		{"10/s burst 20 burst 30", `found "burst" after "10/s burst 20" where the end of the rate should be`, ends},
		{"10/s burst 20/m", `found "/" after "10/s burst 20" where the end of the rate should be`, ends},
		{"1/s; 2/s (slow)", `found "(" after "2/s" where the end of the rate should be`, ends},

		{"10/s burst", `found the end after "10/s burst" where a burst should be`, burst},
		{"10/s burst=20", `found "=" after "10/s burst" where a burst should be`, burst},
		{"10/s burst -20", `found "-" after "10/s burst" where a burst should be`, burst},
		{"10/s burst; 20/m", `found ";" after "10/s burst" where a burst should be`, burst},
		{"10/s burst 1.5", `burst "1.5" is not a whole number`, whole},
		{"10/s  burst 00", `"burst 00" lets nothing through`, bursts + orNone},
		{"10/s burst 9223372036854775808", `burst "9223372036854775808" is too large`, bursts},
		{"10/s burst 281474976710656", `burst 281474976710656 in "10/s burst 281474976710656" is out of range`, bursts + orNone},
		{"1/s burst 1152921505", `burst 1152921505 in "1/s burst 1152921505" is out of range`, refills},

		{"0/s", `limit 0 in "0/s" is out of range`, limits},
		{"1/s ; 0 per minute ", `limit 0 in "0 per minute" is out of range`, limits},
		{"281474976710656/s", `limit 281474976710656 in "281474976710656/s" is out of range`, limits},
		{"9223372036854775808/s", `limit "9223372036854775808" is too large`, limits},
		{"99999999999999999999999999/s", `limit "99999999999999999999999999" is too large`, limits},
	} {
		_, err := throttled.ParseQuota(c.text)
		require.ErrorIs(t, err, throttled.ErrInvalidQuota, c.text)
		assert.EqualError(t, err, fmt.Sprintf("throttled: invalid quota %q: %s; %s", c.text, c.fault, c.remedy))

		read := throttled.PerSecond(7)
		require.ErrorIs(t, read.UnmarshalText([]byte(c.text)), throttled.ErrInvalidQuota)
		assert.Equal(t, throttled.PerSecond(7), read, "unchanged on an error")
	}

	for _, text := range []string{"", " ", "\n\t", ";", " , ;| "} {
		_, err := throttled.ParseQuota(text)
		require.ErrorIs(t, err, throttled.ErrInvalidQuota)
		assert.EqualError(t, err, fmt.Sprintf("throttled: invalid quota %q: %s", text, none))
	}
}

func TestParseQuotaRefusesTooManyRates(t *testing.T) {
	_, err := throttled.ParseQuota(nineText)
	require.ErrorIs(t, err, throttled.ErrInvalidQuota)
	assert.EqualError(t, err, `throttled: invalid quota "`+nineText+`": another rate at "9/s"; a quota has at most 8 rates`)
}

func TestParseQuotaTellsEveryFaultOfARate(t *testing.T) {
	_, err := throttled.ParseQuota("0/0s burst 281474976710656")
	require.ErrorIs(t, err, throttled.ErrInvalidQuota)
	for _, fault := range []string{"limit 0 in", "period 0s in", "burst 281474976710656 in"} {
		assert.ErrorContains(t, err, `throttled: invalid quota "0/0s burst 281474976710656": `+fault)
	}
}

func TestParseQuotaErrorsStayShort(t *testing.T) {
	const most = 1000
	for _, piece := range []string{"9", "x", " ", ".", "ä", "\x00", "\xff", "1/s;", "burst ", "9/", "1h", "💥"} {
		long := strings.Repeat(piece, 100_000)
		for _, text := range []string{long, "1/s burst " + long, "1/" + long, "1/2" + long, "1 " + long, "1/1h " + long} {
			q, err := throttled.ParseQuota(text)
			if err == nil {
				continue // blanks at the end of "1/1h "
			}
			assert.Equal(t, throttled.Quota{}, q)
			assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
			assert.Less(t, len(err.Error()), most)
			assert.NotContains(t, err.Error(), "\ufffd", "cut within a character")
		}
	}
	_, err := throttled.ParseQuota(strings.Repeat("y", 100))
	shown := `"` + strings.Repeat("y", 80) + `"...`
	assert.ErrorContains(t, err, "throttled: invalid quota "+shown+": found "+shown+" where a limit should be; ")
}

func TestMustParseQuota(t *testing.T) {
	assert.Equal(t, throttled.PerSecond(10).WithBurst(20), throttled.MustParseQuota("10/s burst 20"))
	assert.PanicsWithError(t, `throttled: invalid quota "10/ms": unit "ms" without a number; `+
		`a unit shorter than a second has its number, as in 5/1ms`, func() { throttled.MustParseQuota("10/ms") })
}
