package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	at := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC).UnixNano()
	for text, want := range map[string]int64{
		"2026-03-02T08:00:00Z":           at,
		"2026-03-02T09:00:00+01:00":      at,
		"2026-03-02T08:00:00.000000001Z": at + 1,
		"02/Mar/2026:09:00:00 +0100":     at,
		"2026-03-02 08:00:00":            at,
		"2026-03-02 08:00:00.5":          at + 5e8,
		"2026-03-02T09:00:00+0100":       at,
		"2026-03-02 09:00:00 +0100":      at,
		"2026-03-02T08:00:00":            at,
		"1772438400":                     at,
		"1772438400.5":                   at + 5e8,
		"1772438400.123456789999":        at + 123456789,
		"1772438400.":                    at,
		"1772438400000":                  at,
		"1772438400000.25":               at + 250_000,
		"1772438400000001":               at + 1000,
		"1772438400000000001":            at + 1,
		"0":                              0,
		"99999999999":                    maxInstant + 1, // in the year 5138, and refused later
	} {
		got, err := parseTime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseTimeSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "is not like",
		"yesterday":                  `the time "yesterday" is not like`,
		"-5":                         "is not like",
		"1.5e9":                      "is not like",
		"1.-5":                       "is not like",
		"2026-03-02":                 "is not like",
		"31/Feb/2000:12:00:00 +0000": "is not like",
		"0001-01-01T00:00:00Z":       "is not between 1970 and 2116",
		"2117-01-01T00:00:00Z":       "is not between 1970 and 2116",
	} {
		_, err := parseTime(text)
		require.ErrorContains(t, err, want, text)
	}
}

// FuzzParseTime: what is written as RFC 3339 is read back to the nanosecond.
func FuzzParseTime(f *testing.F) {
	f.Add(int64(1772438400000000001), "1772438400.25")
	f.Add(int64(0), "1.")
	f.Fuzz(func(t *testing.T, at int64, text string) {
		at = (at & (1<<62 - 1)) % (maxInstant / int64(time.Second) * int64(time.Second))
		got, err := parseTime(time.Unix(0, at).UTC().Format(time.RFC3339Nano))
		require.NoError(t, err)
		require.Equal(t, at, got)
		if got, err := parseTime(text); err == nil {
			require.GreaterOrEqual(t, got, int64(0), text)
		}
	})
}
