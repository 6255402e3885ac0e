package throttled_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

const (
	day  = 24 * time.Hour
	week = 7 * day

	maxAmount = 1<<48 - 1
	maxPeriod = time.Duration(1 << 59)
)

func TestBuilders(t *testing.T) {
	for _, c := range []struct {
		quota throttled.Quota
		text  string
		rates []throttled.Rate
	}{
		{throttled.PerSecond(1), "1/s", []throttled.Rate{{Limit: 1, Period: time.Second}}},
		{throttled.PerMinute(2), "2/m", []throttled.Rate{{Limit: 2, Period: time.Minute}}},
		{throttled.PerHour(3), "3/h", []throttled.Rate{{Limit: 3, Period: time.Hour}}},
		{throttled.PerDay(4), "4/d", []throttled.Rate{{Limit: 4, Period: day}}},
		{throttled.PerWeek(5), "5/w", []throttled.Rate{{Limit: 5, Period: week}}},
		{throttled.Per(10, 2*time.Minute), "10/2m", []throttled.Rate{{Limit: 10, Period: 2 * time.Minute}}},
		{throttled.Per(5, 500*time.Millisecond), "5/500ms", []throttled.Rate{{Limit: 5, Period: 500 * time.Millisecond}}},
		{throttled.Per(5, time.Millisecond), "5/1ms", []throttled.Rate{{Limit: 5, Period: time.Millisecond}}},
		{throttled.Per(5, time.Microsecond), "5/1us", []throttled.Rate{{Limit: 5, Period: time.Microsecond}}},
		{throttled.Per(5, 1), "5/1ns", []throttled.Rate{{Limit: 5, Period: 1}}},
		{throttled.Per(3, 90*time.Second), "3/90s", []throttled.Rate{{Limit: 3, Period: 90 * time.Second}}},
		{throttled.Per(10, 1500*time.Millisecond), "10/1500ms", []throttled.Rate{{Limit: 10, Period: 1500 * time.Millisecond}}},
		{throttled.Per(10, 90*time.Minute), "10/90m", []throttled.Rate{{Limit: 10, Period: 90 * time.Minute}}},
		{throttled.Per(10, 48*time.Hour), "10/2d", []throttled.Rate{{Limit: 10, Period: 2 * day}}},
		{throttled.Per(10, 14*day), "10/2w", []throttled.Rate{{Limit: 10, Period: 2 * week}}},
		{throttled.Per(10, 8*day), "10/8d", []throttled.Rate{{Limit: 10, Period: 8 * day}}},
		{throttled.Per(10, time.Second+1), "10/1000000001ns", []throttled.Rate{{Limit: 10, Period: time.Second + 1}}},
		{throttled.Per(maxAmount, maxPeriod), "281474976710655/576460752303423488ns", []throttled.Rate{{Limit: maxAmount, Period: maxPeriod}}},
		{throttled.PerSecond(100).WithBurst(200), "100/s burst 200", []throttled.Rate{{Limit: 100, Period: time.Second, Burst: 200}}},
		{throttled.PerSecond(10).WithBurst(1), "10/s burst 1", []throttled.Rate{{Limit: 10, Period: time.Second, Burst: 1}}},
		{
			throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000)), "10/s burst 20; 1000/h",
			[]throttled.Rate{{Limit: 10, Period: time.Second, Burst: 20}, {Limit: 1000, Period: time.Hour}},
		},
		{
			throttled.PerSecond(10).And(throttled.PerHour(1000)).WithBurst(20), "10/s; 1000/h burst 20",
			[]throttled.Rate{{Limit: 10, Period: time.Second}, {Limit: 1000, Period: time.Hour, Burst: 20}},
		},
	} {
		assert.Equal(t, c.text, c.quota.String())
		assert.Equal(t, c.rates, c.quota.Rates(), c.text)
		assert.Equal(t, throttled.NewQuota(c.rates...), c.quota, c.text)
		requireRoundTrip(t, c.quota)
	}
}

// requireRoundTrip requires that every form of q that can be read gives q.
func requireRoundTrip(t *testing.T, q throttled.Quota) {
	t.Helper()
	text := q.String()
	parsed, err := throttled.ParseQuota(text)
	require.NoError(t, err)
	require.Equal(t, q, parsed, text)
	require.Equal(t, text, parsed.String())
	require.Equal(t, q, throttled.NewQuota(q.Rates()...), text)

	marshaled, err := q.MarshalText()
	require.NoError(t, err)
	require.Equal(t, text, string(marshaled))
	for _, c := range []byte(text) {
		require.True(t, ' ' <= c && c <= '~', "ASCII only: %q", text)
	}
}

func TestNormalForm(t *testing.T) {
	plain := throttled.PerSecond(10)
	for name, q := range map[string]throttled.Quota{
		"WithBurst":       plain.WithBurst(10),
		"WithBurst again": plain.WithBurst(20).WithBurst(10),
		"WithBurst(0)":    plain.WithBurst(20).WithBurst(0),
		"NewQuota":        throttled.NewQuota(throttled.Rate{Limit: 10, Period: time.Second, Burst: 10}),
		"parsed":          throttled.MustParseQuota("10/s burst 10"),
		"And":             throttled.Quota{}.And(plain.WithBurst(10)).And(throttled.Quota{}),
	} {
		assert.Equal(t, plain, q, name)
		assert.Equal(t, "10/s", q.String(), name)
	}
}

func TestQuotaIsAValue(t *testing.T) {
	rates := []throttled.Rate{{Limit: 1, Period: time.Second}, {Limit: 2, Period: time.Minute}}
	q := throttled.NewQuota(rates...)
	one, two := q.And(throttled.PerHour(3)), q.And(throttled.PerDay(4))
	burst := q.WithBurst(50)

	rates[0].Limit = 99
	q.Rates()[0].Limit = 98
	grown := append(q.Rates()[:1], throttled.Rate{Limit: 97})
	grown[0].Limit = 96

	assert.Equal(t, "1/s; 2/m", q.String())
	assert.Equal(t, "1/s; 2/m; 3/h", one.String())
	assert.Equal(t, "1/s; 2/m; 4/d", two.String())
	assert.Equal(t, "1/s; 2/m burst 50", burst.String())
}

func TestZeroQuota(t *testing.T) {
	var zero throttled.Quota
	assert.Empty(t, zero.String())
	assert.Empty(t, zero.Rates())
	assert.Equal(t, zero, throttled.NewQuota())
	assert.Equal(t, zero, zero.And(zero))
	assert.Equal(t, throttled.PerSecond(1), zero.And(throttled.PerSecond(1)))
	assert.Equal(t, throttled.PerSecond(1), throttled.PerSecond(1).And(zero))

	text, err := zero.MarshalText()
	require.NoError(t, err)
	assert.NotNil(t, text)
	assert.Empty(t, text)

	read := throttled.PerSecond(1)
	require.NoError(t, read.UnmarshalText(nil))
	assert.Equal(t, zero, read)
}

func TestZeroQuotaWithBurstIsInvalid(t *testing.T) {
	for _, burst := range []int64{-1, 0, 1, 20} {
		q := throttled.Quota{}.WithBurst(burst)
		assert.NotEqual(t, throttled.Quota{}, q, "would be read as the default quota")
		_, err := q.MarshalText()
		assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
	}
	assert.Equal(t, "0/0s burst 20", throttled.Quota{}.WithBurst(20).String())
}

func TestInvalidQuota(t *testing.T) {
	const (
		limits  = "a limit is 1 to 281474976710655 (2^48-1)"
		periods = "a period is 1ns to 2^59ns (18 years)"
		bursts  = "a burst is 1 to 281474976710655 (2^48-1), or left out to equal the limit"
		refills = "burst * period / limit is at most 2^60ns (36 years)"
	)
	second := throttled.PerSecond
	for _, c := range []struct {
		quota  throttled.Quota
		text   string
		faults []string // each without "throttled: invalid quota " and the quoted text
	}{
		{second(-1), "-1/s", []string{`limit -1 in "-1/s" is out of range; ` + limits}},
		{second(0), "0/s", []string{`limit 0 in "0/s" is out of range; ` + limits}},
		{second(1 << 48), "281474976710656/s", []string{`limit 281474976710656 in "281474976710656/s" is out of range; ` + limits}},
		{throttled.Per(1, 0), "1/0s", []string{`period 0s in "1/0s" is out of range; ` + periods}},
		{throttled.Per(1, -time.Minute), "1/-1m", []string{`period -1m in "1/-1m" is out of range; ` + periods}},
		{throttled.Per(1, maxPeriod+1), "1/576460752303423489ns", []string{`period 576460752303423489ns in "1/576460752303423489ns" is out of range; ` + periods}},
		{second(1).WithBurst(-5), "1/s burst -5", []string{`burst -5 in "1/s burst -5" is out of range; ` + bursts}},
		{second(1).WithBurst(1 << 48), "1/s burst 281474976710656", []string{`burst 281474976710656 in "1/s burst 281474976710656" is out of range; ` + bursts}},
		{throttled.PerWeek(1).WithBurst(1907), "1/w burst 1907", []string{`burst 1907 in "1/w burst 1907" is out of range; ` + refills}},
		{
			throttled.NewQuota(throttled.Rate{Limit: -1, Period: -1, Burst: -1}), "-1/-1ns burst -1",
			[]string{
				`limit -1 in "-1/-1ns burst -1" is out of range; ` + limits,
				`period -1ns in "-1/-1ns burst -1" is out of range; ` + periods,
				`burst -1 in "-1/-1ns burst -1" is out of range; ` + bursts,
			},
		},
		{
			second(1).And(second(0)).And(throttled.Per(2, 0)), "1/s; 0/s; 2/0s",
			[]string{`limit 0 in "0/s" is out of range; ` + limits, `period 0s in "2/0s" is out of range; ` + periods},
		},
		{
			throttled.NewQuota(throttled.Rate{}), "0/0s",
			[]string{`limit 0 in "0/0s" is out of range; ` + limits, `period 0s in "0/0s" is out of range; ` + periods},
		},
		{
			throttled.NewQuota(nine()...), nineText,
			[]string{"9 rates; a quota has at most 8 rates"},
		},
	} {
		assert.Equal(t, c.text, c.quota.String())

		var lines []string
		for _, fault := range c.faults {
			lines = append(lines, fmt.Sprintf("throttled: invalid quota %q: %s", c.text, fault))
		}
		text, err := c.quota.MarshalText()
		assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
		assert.EqualError(t, err, strings.Join(lines, "\n"))
		assert.Nil(t, text)

		_, err = throttled.ParseQuota(c.text)
		assert.ErrorIs(t, err, throttled.ErrInvalidQuota, "%q is no quota to the parser either", c.text)
	}
}

const nineText = "1/s; 2/s; 3/s; 4/s; 5/s; 6/s; 7/s; 8/s; 9/s"

func nine() []throttled.Rate {
	var rates []throttled.Rate
	for n := range int64(9) {
		rates = append(rates, throttled.Rate{Limit: n + 1, Period: time.Second})
	}
	return rates
}

func TestStringOfAnythingDoesNotPanic(t *testing.T) {
	extremes := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, maxAmount, maxAmount + 1, math.MaxInt64}
	for _, limit := range extremes {
		for _, period := range extremes {
			for _, burst := range extremes {
				q := throttled.NewQuota(throttled.Rate{Limit: limit, Period: time.Duration(period), Burst: burst})
				assert.Contains(t, q.String(), fmt.Sprint(limit))
				if _, err := q.MarshalText(); err != nil {
					assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
				}
			}
		}
	}
}

// TestRefillBound compares the bound on a burst with exact arithmetic, at and
// around the edge.
func TestRefillBound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		limit, period := randomBelow(random, 48), randomBelow(random, 59)
		edge := new(big.Int).Lsh(big.NewInt(limit), 60)
		edge.Div(edge, big.NewInt(period))
		if !edge.IsInt64() || edge.Int64() >= maxAmount {
			continue
		}
		q := throttled.Per(limit, time.Duration(period)).WithBurst(edge.Int64())
		requireRoundTrip(t, q)
		_, err := q.WithBurst(edge.Int64() + 1).MarshalText()
		require.ErrorIs(t, err, throttled.ErrInvalidQuota, "%v", q)
	}
}

func TestRandomQuotasRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	valid := 0
	for range 50_000 {
		var rates []throttled.Rate
		for range 1 + random.IntN(8) {
			rates = append(rates, randomRate(random))
		}
		q := throttled.NewQuota(rates...)
		_, err := q.MarshalText()
		if err != nil {
			_, parsed := throttled.ParseQuota(q.String())
			require.ErrorIs(t, parsed, throttled.ErrInvalidQuota)
			continue
		}
		valid++
		requireRoundTrip(t, q)
	}
	assert.Greater(t, valid, 10_000, "the test has lost its subject")
}

// randomRate returns a rate that may have too great a burst for its period.
func randomRate(random *rand.Rand) throttled.Rate {
	units := []time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour, day, week}
	unit := units[random.IntN(len(units))]
	r := throttled.Rate{
		Limit:  randomBelow(random, 48),
		Period: min(unit*time.Duration(randomBelow(random, 10)), maxPeriod),
	}
	switch random.IntN(4) {
	case 0:
		r.Burst = r.Limit
	case 1:
		r.Burst = randomBelow(random, 48)
	}
	return r
}

// randomBelow returns a number from 1 to below 2^bits, of any magnitude.
func randomBelow(random *rand.Rand, bits int) int64 {
	return 1 + random.Int64N(int64(1)<<(1+random.IntN(bits))-1)
}

type settings struct {
	Name      string              `json:"name"`
	Quota     throttled.Quota     `json:"quota"`
	Algorithm throttled.Algorithm `json:"algorithm"`
	PerRoute  map[string]throttled.Quota
}

func TestJSON(t *testing.T) {
	want := settings{
		Name:      "api",
		Quota:     throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000)),
		Algorithm: throttled.SlidingWindow,
		PerRoute:  map[string]throttled.Quota{"/login": throttled.Per(5, 500*time.Millisecond)},
	}
	text, err := json.Marshal(want)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"name": "api", "quota": "10/s burst 20; 1000/h", "algorithm": "sliding_window", "PerRoute": {"/login": "5/500ms"}
	}`, string(text))

	var got settings
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, want, got)
}

func TestJSONOfTheZeroValues(t *testing.T) {
	text, err := json.Marshal(settings{})
	require.NoError(t, err)
	var got settings
	require.NoError(t, json.Unmarshal(text, &got))
	assert.Equal(t, settings{}, got)

	require.NoError(t, json.Unmarshal([]byte(`{}`), &got))
	assert.Equal(t, settings{}, got)
}

func TestJSONRefuses(t *testing.T) {
	got := settings{Quota: throttled.PerSecond(1), Algorithm: throttled.GCRA}
	assert.ErrorIs(t, json.Unmarshal([]byte(`{"quota": "fast"}`), &got), throttled.ErrInvalidQuota)
	assert.ErrorIs(t, json.Unmarshal([]byte(`{"algorithm": "best"}`), &got), throttled.ErrInvalidConfig)
	assert.Equal(t, settings{Quota: throttled.PerSecond(1), Algorithm: throttled.GCRA}, got, "unchanged on an error")

	_, err := json.Marshal(settings{Quota: throttled.PerSecond(0)})
	var marshaler *json.MarshalerError
	require.True(t, errors.As(err, &marshaler))
	assert.ErrorIs(t, err, throttled.ErrInvalidQuota)
	_, err = json.Marshal(settings{Algorithm: 9})
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
}
