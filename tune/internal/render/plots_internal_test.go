package render

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot"
)

// labels returns those of the ticks that have one.
func labels(ticks []plot.Tick) (all []string) {
	for _, tick := range ticks {
		if tick.Label != "" {
			all = append(all, tick.Label)
		}
	}
	return all
}

// TestClocks: an axis of time has a few round times of the day.
func TestClocks(t *testing.T) {
	start := float64(time.Date(2026, time.March, 2, 8, 0, 7, 0, time.UTC).Unix())
	for length, want := range map[time.Duration][]string{
		20 * time.Second:    {"08:00:10", "08:00:15", "08:00:20", "08:00:25"},
		20 * time.Minute:    {"08:05", "08:10", "08:15", "08:20"},
		5 * time.Hour:       {"09:00", "10:00", "11:00", "12:00", "13:00"},
		30 * time.Hour:      {"03-02 12:00", "03-02 18:00", "03-03 00:00", "03-03 06:00", "03-03 12:00"},
		4 * 24 * time.Hour:  {"2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"},
		20 * 24 * time.Hour: {"2026-03-05", "2026-03-12", "2026-03-19"},
	} {
		require.Equal(t, want, labels(clocks{}.Ticks(start, start+length.Seconds())), length)
	}
}

func TestCounts(t *testing.T) {
	require.Equal(t, []string{"0", "1", "2", "3"}, labels(counts{}.Ticks(0, 3.4)))
	require.Equal(t, []string{"0", "50", "100"}, labels(counts{}.Ticks(-2, 106)))
	require.Equal(t, []string{"0", "1,000,000", "2,000,000"}, labels(counts{}.Ticks(0, 2.9e6)))
}

func TestDecades(t *testing.T) {
	require.Equal(t, []string{"1", "2", "5", "10", "20", "50", "100"}, labels(decades{}.Ticks(0.8, 140)))
	require.Len(t, decades{}.Ticks(0.8, 140), 2+18+1)
}
