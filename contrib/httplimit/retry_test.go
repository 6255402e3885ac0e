package httplimit_test

import (
	"context"
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

func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name     string
			retries  int
			method   string
			key      bool // an Idempotency-Key
			oneWay   bool // a body that cannot be had again
			refusal  []string
			status   int // of the refusals
			refusals int
			want     int // the status at last
			sent     int
			after    time.Duration
		}{
			{"unasked", 0, http.MethodGet, false, false, []string{"Retry-After: 5"}, 429, 1, 429, 1, 0},
			{"a 429", 3, http.MethodGet, false, false, []string{"Retry-After: 5"}, 429, 1, 200, 2, 5 * time.Second},
			{"a 503", 3, http.MethodGet, false, false, []string{"Retry-After: 5"}, 503, 1, 200, 2, 5 * time.Second},
			{"a 503 that says nothing", 3, http.MethodGet, false, false, nil, 503, 1, 503, 1, 0},
			{"a 200 that was the last", 3, http.MethodGet, false, false, []string{`RateLimit: "a";r=0;t=5`}, 200, 1, 200, 1, 0},
			{"a 500", 3, http.MethodGet, false, false, []string{"Retry-After: 5"}, 500, 1, 500, 1, 0},
			{"as often as asked", 2, http.MethodGet, false, false, []string{"Retry-After: 5"}, 429, 9, 429, 3, 10 * time.Second},
			{"ever more rarely", 3, http.MethodGet, false, false, nil, 429, 3, 200, 4, 7 * time.Second},
			{"a POST", 3, http.MethodPost, false, false, []string{"Retry-After: 5"}, 429, 1, 429, 1, 0},
			{"a POST that may be repeated", 3, http.MethodPost, true, false, []string{"Retry-After: 5"}, 429, 1, 200, 2, 5 * time.Second},
			{"a body that is gone", 3, http.MethodGet, false, true, []string{"Retry-After: 5"}, 429, 1, 429, 1, 0},
			{"longer than there is time", 3, http.MethodGet, false, false, []string{"Retry-After: 3600"}, 429, 1, 429, 1, 0},
		} {
			sent := 0
			transport := newTransport(t, nil, httplimit.TransportOptions{Retries: c.retries, Base: server(func(r *http.Request) (*http.Response, error) {
				if sent++; sent <= c.refusals {
					return saying(c.status, c.refusal...), nil
				}
				return saying(http.StatusOK), nil
			})})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			r, err := http.NewRequestWithContext(ctx, c.method, page, strings.NewReader("a body"))
			require.NoError(t, err)
			if c.oneWay {
				r.GetBody = nil
			}
			if c.key {
				r.Header.Set("Idempotency-Key", "7")
			}
			begin := time.Now()
			res, err := transport.RoundTrip(r)
			require.NoError(t, err, c.name)
			assert.Equal(t, c.want, res.StatusCode, c.name)
			assert.Equal(t, c.sent, sent, c.name)
			assert.Equal(t, c.after, time.Since(begin), c.name)
			assert.Equal(t, "an answer", body(t, res), "%s: it can still be read", c.name)
			cancel()
		}
	})
}

func TestARetrySendsTheBodyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		transport := newTransport(t, nil, httplimit.TransportOptions{Retries: 1, Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			text, err := io.ReadAll(r.Body)
			bodies = append(bodies, string(text))
			return saying(http.StatusTooManyRequests), err
		})})
		_, err := send(t.Context(), transport, http.MethodGet, page)
		require.NoError(t, err)
		assert.Equal(t, []string{"a body", "a body"}, bodies)

		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page, strings.NewReader("a body"))
		require.NoError(t, err)
		r.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
		res, err := transport.RoundTrip(r)
		require.NoError(t, err)
		assert.Equal(t, "an answer", body(t, res), "where it cannot, the refusal is the answer")
	})
}

// TestARefusalIsReadAndClosed before the request is sent again, so that its connection
// serves once more.
func TestARefusalIsReadAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.NewReader("an answer")
		refusal := &closing{Reader: text}
		sent := 0
		transport := newTransport(t, nil, httplimit.TransportOptions{Retries: 1, Base: server(func(*http.Request) (*http.Response, error) {
			if sent++; sent == 1 {
				res := saying(http.StatusTooManyRequests)
				res.Body = refusal
				return res, nil
			}
			assert.True(t, refusal.closed)
			assert.Zero(t, text.Len())
			return saying(http.StatusOK), nil
		})})
		status, err := send(t.Context(), transport, http.MethodGet, page)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, status)
	})
}
