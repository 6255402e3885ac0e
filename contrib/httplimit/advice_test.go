package httplimit_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// server answers requests in place of one at the other end of a network.
type server func(r *http.Request) (*http.Response, error)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return s(r)
}

// saying returns an answer with these header lines, "Name: value" each.
func saying(status int, lines ...string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("an answer"))}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		res.Header.Add(name, value)
	}
	return res
}

// newTransport returns a Transport without jitter that obeys what base says.
func newTransport(t testing.TB, waiter httplimit.Waiter, options httplimit.TransportOptions) *httplimit.Transport {
	t.Helper()
	if options.Jitter == 0 {
		options.Jitter = -1
	}
	transport, err := httplimit.NewTransport(waiter, options)
	require.NoError(t, err)
	return transport
}

// pauseAfter returns how long a Transport that was answered so holds the next request.
func pauseAfter(t testing.TB, res *http.Response) time.Duration {
	transport := newTransport(t, nil, httplimit.TransportOptions{
		MaxPause: 1000 * time.Hour,
		Base:     server(func(*http.Request) (*http.Response, error) { return res, nil }),
	})
	var at [2]time.Time
	for i := range at {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", nil)
		require.NoError(t, err)
		_, err = transport.RoundTrip(r)
		require.NoError(t, err)
		at[i] = time.Now()
	}
	return at[1].Sub(at[0])
}

func TestAdvice(t *testing.T) {
	const (
		ok, tooMany, away, broken = http.StatusOK, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError
		s, h, most                = time.Second, time.Hour, 1000 * time.Hour
	)
	// The bubble begins at midnight UTC of 2000-01-01, 946684800, and the server's clock
	// is a minute ahead where it tells it. Unix times that are told begin in 2001, so
	// those tests begin on 2026-01-01, 1767225600.
	for _, c := range []struct {
		name   string
		status int
		lines  []string
		want   time.Duration
	}{
		{"nothing", ok, nil, 0},
		{"something remains", ok, []string{`RateLimit: "a";r=1;t=5`}, 0},
		{"nothing remains", ok, []string{`RateLimit: "a";r=0;t=5`}, 5 * s},
		{"nothing remains, until when is not told", ok, []string{`RateLimit: "a";r=0`}, 0},
		{"of several the longest", ok, []string{`RateLimit: "a";r=0;t=5, "b";r=0;t=7, "c";r=1;t=9`}, 7 * s},
		{"of several lines", ok, []string{`RateLimit: "a";r=0;t=5`, `RateLimit: "b";r=0;t=7`}, 7 * s},
		{"other parameters", ok, []string{`RateLimit: "a\"";pk=:YQ==:;x-b=?1;r=0;t=5;d=@1;e=%"%c3%a9";f=*a:b/c;g=-1.5;h`}, 5 * s},
		{"far ahead", ok, []string{`RateLimit: "a";r=0;t=99999999999`}, most},
		{"the greatest number", ok, []string{`RateLimit: "a";r=0;t=999999999999999`}, most},
		{"more than the greatest number", ok, []string{`RateLimit: "a";r=0;t=9999999999999999`}, 0},
		{"below 0", ok, []string{`RateLimit: "a";r=0;t=-1`}, 0},
		{"malformed", ok, []string{`RateLimit: "a";r=0;t=5,`}, 0},
		{"malformed in one place", ok, []string{`RateLimit: "a";r=0;t=5, "b";r=`}, 0},
		{"no r", ok, []string{`RateLimit: "a";t=5`}, 0},
		{"a fraction", ok, []string{`RateLimit: "a";r=0;t=5.5`}, 0},
		{"a token", ok, []string{`RateLimit: a;r=0;t=5`}, 0},
		{"from a cache", ok, []string{"Age: 1", `RateLimit: "a";r=0;t=5`, "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 5"}, 0},
		{"malformed, and an older field", ok, []string{`RateLimit: a`, "RateLimit-Remaining: 0", "RateLimit-Reset: 5"}, 5 * s},
		{"before the older fields", ok, []string{`RateLimit: "a";r=0;t=7`, "RateLimit-Remaining: 0", "RateLimit-Reset: 5"}, 7 * s},

		{"Retry-After", tooMany, []string{"Retry-After: 7"}, 7 * s},
		{"Retry-After goes first", tooMany, []string{"Retry-After: 7", `RateLimit: "a";r=0;t=9`}, 7 * s},
		{"Retry-After of a 503", away, []string{"Retry-After: 7"}, 7 * s},
		{"Retry-After of another status", broken, []string{"Retry-After: 7"}, 0},
		{"Retry-After as a date", tooMany, []string{"Retry-After: Thu, 01 Jan 2026 00:00:30 GMT"}, 30 * s},
		{"Retry-After by the server's clock", tooMany, []string{"Date: Thu, 01 Jan 2026 00:01:00 GMT", "Retry-After: Thu, 01 Jan 2026 00:01:30 GMT"}, 30 * s},
		{"Retry-After as a date gone by", tooMany, []string{"Retry-After: Wed, 31 Dec 2025 23:59:59 GMT"}, s},
		{"Retry-After 0", tooMany, []string{"Retry-After: 0"}, s},
		{"Retry-After far ahead", tooMany, []string{"Retry-After: 99999999999999999999999"}, most},
		{"Retry-After malformed", tooMany, []string{"Retry-After: soon", `RateLimit: "a";r=0;t=9`}, 9 * s},
		{"Retry-After in UTC, which is no date of HTTP", tooMany, []string{"Retry-After: Thu, 01 Jan 2026 00:00:30 UTC"}, s},
		{"Retry-After below 0", tooMany, []string{"Retry-After: -5"}, s},
		{"Retry-After of a cache", tooMany, []string{"Age: 1", "Retry-After: 7"}, 7 * s},
		{"milliseconds", tooMany, []string{"Retry-After-Ms: 1500", "Retry-After: 2"}, 1500 * time.Millisecond},
		{"a 429 that says nothing", tooMany, nil, s},
		{"a 429 with something left", tooMany, []string{`RateLimit: "a";r=1;t=9`}, s},
		{"a 503 that says nothing", away, nil, 0},

		{"draft 06", ok, []string{"RateLimit-Remaining: 0", "RateLimit-Reset: 5"}, 5 * s},
		{"draft 06, something remains", ok, []string{"RateLimit-Remaining: 1", "RateLimit-Reset: 5"}, 0},
		{"draft 06 with a window", ok, []string{"RateLimit-Remaining: 0;w=60", "RateLimit-Reset: 5"}, 5 * s},
		{"draft 07", ok, []string{"RateLimit: limit=100, remaining=0, reset=30"}, 30 * s},
		{"draft 07, something remains", ok, []string{"RateLimit: limit=100, remaining=1, reset=30"}, 0},
		{"draft 07, malformed", ok, []string{"RateLimit: limit=100, remaining=0, reset=-30"}, 0},
		{"draft 07, half of it", ok, []string{"RateLimit: limit=100, reset=30"}, 0},
		{"an instant", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225630"}, 30 * s},
		{"an instant by the server's clock", ok, []string{"Date: Thu, 01 Jan 2026 00:01:00 GMT", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225690"}, 30 * s},
		{"an instant gone by", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225599"}, 0},
		{"an instant in milliseconds", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225630500"}, 30500 * time.Millisecond},
		{"an instant with a fraction", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225630.25"}, 30250 * time.Millisecond},
		{"seconds with a fraction go before an instant", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1767225699", "X-RateLimit-Reset-After: 1.5"}, 1500 * time.Millisecond},
		{"a fraction of a nanosecond is rounded up", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1.0000000001"}, s + 1},
		{"a remaining with a fraction", ok, []string{"X-RateLimit-Remaining: 0.0", "X-RateLimit-Reset: 5"}, 5 * s},
		{"less than one, which is more than none", ok, []string{"X-RateLimit-Remaining: 0.5", "X-RateLimit-Reset: 5"}, 0},
		{"a remaining below 0", ok, []string{"X-RateLimit-Remaining: -1", "X-RateLimit-Reset: 5"}, 0},
		{"a date of HTTP", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: Thu, 01 Jan 2026 00:00:30 GMT"}, 30 * s},
		{"X", ok, []string{"X-Rate-Limit-Remaining: 0", "X-Rate-Limit-Reset: 1767229200"}, h},
		{"OpenAI", ok, []string{"X-RateLimit-Remaining-Requests: 3", "X-RateLimit-Reset-Requests: 1s", "X-RateLimit-Remaining-Tokens: 0", "X-RateLimit-Reset-Tokens: 6m0s"}, 6 * time.Minute},
		{"Anthropic", ok, []string{"Anthropic-RateLimit-Requests-Remaining: 0", "Anthropic-RateLimit-Requests-Reset: 2026-01-01T00:00:30Z"}, 30 * s},
		{"an older field that is malformed", ok, []string{"X-RateLimit-Remaining: none", "X-RateLimit-Reset: 5"}, 0},
		{"an older reset that is malformed", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: later"}, 0},
		{"an older reset far ahead", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 99999999999999999999"}, most},
		{"a duration below 0", ok, []string{"X-RateLimit-Remaining: 0", "X-RateLimit-Reset: -5s"}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
			assert.Equal(t, c.want, pauseAfter(t, saying(c.status, c.lines...)), c.name)
		})
	}
}
