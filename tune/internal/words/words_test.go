package words_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/words"
)

func TestWords(t *testing.T) {
	require.Equal(t, []string{"0 clients", "1 client", "1,024 clients"},
		[]string{words.Counted(0, "client"), words.Counted(int64(1), "client"), words.Counted(1024, "client")})
	require.Equal(t, []string{"0.0%", "33.3%", "100.0%"},
		[]string{words.Percent(0, 0), words.Percent(1, 3), words.Percent(7, 7)})
	require.Equal(t, "1.50", words.Times(3, 2))
	for d, want := range map[time.Duration]string{
		time.Second: "1s", time.Minute: "1m", time.Hour: "1h", 90 * time.Second: "1m30s", 24 * time.Hour: "24h",
		10 * time.Second: "10s", 5 * time.Millisecond: "5ms", time.Hour + 10*time.Minute: "1h10m", time.Hour + time.Second: "1h0m1s",
	} {
		require.Equal(t, want, words.Period(d))
	}
}
