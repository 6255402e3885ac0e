package script

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

var everyQuota = []string{"3/40ms", "3/40ms; 5/60ms"}

// TestExpires: by the server's own clock, every write has a time to live that ends
// after the bucket is as good as fresh, and not much later.
func TestExpires(t *testing.T) {
	s := startServer(t)
	for _, a := range everyAlgorithm {
		for _, quota := range everyQuota {
			l := planOfText(t, a, quota)
			for _, req := range []throttled.Request{
				{Cost: 2},
				{Cost: 1},
				{Cost: 1},
				{Op: throttled.OpRefund, Cost: 1},
				{Cost: 2, Within: time.Hour},
				{Op: throttled.OpWait, Cost: 1, Within: time.Hour},
				{Op: throttled.OpRefund, Cost: 1},
			} {
				req.Key = "k"
				got := s.ask(0, l.Operation(req))[0]
				require.NoError(t, got.Err)
				fresh := l.law.Peek(got.Bucket.words, got.Bucket.now, 0).Fresh
				if _, expires := s.value(l.key("k")); expires != -2 { // else it is over already
					assert.Greater(t, expires*1000, fresh)
					assert.LessOrEqual(t, expires*1000, fresh+slack)
				}
			}
			require.Eventually(t, func() bool {
				value, _ := s.value(l.key("k"))
				return value == ""
			}, 10*time.Second, time.Millisecond)
		}
	}
}

// TestClock: where no time is passed in, a script goes by the clock of the
// server, to the µs.
func TestClock(t *testing.T) {
	s := startServer(t)
	l := planOfText(t, throttled.TokenBucket, "5/s")
	fractions := map[int64]bool{}
	for range 20 {
		before := time.Now().UnixMicro()
		now := s.ask(0, l.Operation(throttled.Request{Key: "k", Op: throttled.OpPeek, Cost: 1}))[0].Bucket.now
		assert.LessOrEqual(t, before, now)
		assert.LessOrEqual(t, now, time.Now().UnixMicro())
		fractions[now%1000] = true
	}
	assert.Greater(t, len(fractions), 1)
}

// changes returns how many keys were written to so far.
func (s *server) changes() int {
	s.Helper()
	info, err := s.do(s.client.B().Info().Section("persistence").Build()).ToString()
	require.NoError(s, err)
	n, err := strconv.Atoi(regexp.MustCompile(`rdb_changes_since_last_save:(\d+)`).FindStringSubmatch(info)[1])
	require.NoError(s, err)
	return n
}

// TestWritesNothing: a Peek writes nothing, and neither does what costs nothing,
// is denied, or can never be allowed.
func TestWritesNothing(t *testing.T) {
	s := startServer(t)
	for _, a := range everyAlgorithm {
		for _, quota := range everyQuota {
			l := planOfText(t, a, strings.ReplaceAll(quota, "ms", "m"))
			s.ask(0, l.Operation(throttled.Request{Key: "used", Cost: 3}))
			before := s.changes()
			for _, req := range []throttled.Request{
				{Key: "used", Op: throttled.OpPeek, Cost: 1},
				{Key: "fresh", Op: throttled.OpPeek, Cost: 1},
				{Key: "used", Cost: 1},
				{Key: "used", Cost: 1, Within: time.Millisecond},
				{Key: "used", Op: throttled.OpWait, Cost: 1, Within: time.Millisecond},
				{Key: "fresh", Cost: 0},
				{Key: "fresh", Cost: 4},
				{Key: "fresh", Op: throttled.OpWait, Cost: 4, Within: time.Hour},
				{Key: "fresh", Op: throttled.OpWait, Cost: 0, Within: time.Hour},
				{Key: "used", Op: throttled.OpRefund, Cost: 0},
				{Key: "fresh", Op: throttled.OpRefund, Cost: 1},
				{Key: "fresh", Op: throttled.OpReset},
			} {
				require.NoError(t, s.ask(0, l.Operation(req))[0].Err)
				require.Equal(t, before, s.changes(), "%v: %+v", l.name, req)
			}
		}
	}
	assert.NotRegexp(t, `'(SET|DEL)'`, peekScript.text)
}
