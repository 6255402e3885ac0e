package httplimit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/httplimit"
	"github.com/throttled-go/throttled/store"
)

const page = "http://example.com/page"

// send sends a request with a body that can be had again, and returns the status.
func send(ctx context.Context, transport http.RoundTripper, method, url string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader("a body"))
	if err != nil {
		return 0, err
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func TestATransportPaces(t *testing.T) {
	for name, face := range map[string]func(t *testing.T, cfg throttled.Config) httplimit.Waiter{
		"sync": func(t *testing.T, cfg throttled.Config) httplimit.Waiter { return newLimiter(t, cfg) },
		"async": func(t *testing.T, cfg throttled.Config) httplimit.Waiter {
			cfg.Store = throttled.Must(store.NewMemory(store.Options{}))
			return httplimit.Async(throttled.Must(async.New(cfg)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var sent []time.Duration
				transport := newTransport(t, face(t, throttled.Config{Quota: throttled.PerSecond(2).WithBurst(1)}), httplimit.TransportOptions{
					Base: server(func(*http.Request) (*http.Response, error) {
						sent = append(sent, time.Since(begin))
						return saying(http.StatusOK), nil
					}),
				})
				for _, url := range []string{page, "http://EXAMPLE.com/other", "http://example.net/", page} {
					status, err := send(t.Context(), transport, http.MethodPost, url)
					require.NoError(t, err)
					assert.Equal(t, http.StatusOK, status)
				}
				half := time.Second / 2
				assert.Equal(t, []time.Duration{0, half, half, 2 * half}, sent, "each host by itself")
			})
		})
	}
}

func TestATransportWithinADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		base := server(func(*http.Request) (*http.Response, error) {
			asked++
			return saying(http.StatusOK, `RateLimit: "a";r=0;t=60`), nil
		})
		for name, transport := range map[string]*httplimit.Transport{
			"the limiter's word": newTransport(t, newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)}), httplimit.TransportOptions{
				Base: server(func(*http.Request) (*http.Response, error) { asked++; return saying(http.StatusOK), nil }),
			}),
			"the server's word":                 newTransport(t, nil, httplimit.TransportOptions{Base: base}),
			"the server's word, and its jitter": newTransport(t, nil, httplimit.TransportOptions{Base: base, Jitter: time.Hour}),
		} {
			asked = 0
			_, err := send(t.Context(), transport, http.MethodGet, page)
			require.NoError(t, err)
			begin := time.Now()

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			body := &closing{Reader: strings.NewReader("a body")}
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, page, body)
			require.NoError(t, err)
			_, err = transport.RoundTrip(r)
			limited, ok := errors.AsType[*throttled.LimitedError](err)
			require.True(t, ok, "%s: %v", name, err)
			assert.Equal(t, time.Minute, limited.Result.RetryAfter(), name)
			assert.Equal(t, "example.com", limited.Key, name)
			assert.Zero(t, time.Since(begin), "it fails at once")
			assert.True(t, body.closed, "as a RoundTripper must")
			cancel()

			// Jitter gives way to the deadline.
			ctx, cancel = context.WithTimeout(t.Context(), time.Minute+1)
			_, err = send(ctx, transport, http.MethodGet, page)
			assert.NoError(t, err, name)
			assert.Equal(t, time.Minute, time.Since(begin), name)
			assert.Equal(t, 2, asked, name)
			cancel()
		}
	})
}

// closing knows whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestATransportWhoseContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the user went away")
		transport := newTransport(t, nil, httplimit.TransportOptions{Base: server(func(*http.Request) (*http.Response, error) {
			return saying(http.StatusTooManyRequests, "Retry-After: 60"), nil
		})})
		_, err := send(t.Context(), transport, http.MethodGet, page)
		require.NoError(t, err)

		begin := time.Now()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		_, err = send(ctx, transport, http.MethodGet, page)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, cause)
		assert.Equal(t, time.Second, time.Since(begin))

		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		_, err = send(ctx, transport, http.MethodGet, page)
		assert.EqualError(t, err, "httplimit: context canceled")
	})
}

type roundTripper func(r *http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnErrorOfTheBaseIsReturned(t *testing.T) {
	failure := errors.New("no network")
	transport := newTransport(t, nil, httplimit.TransportOptions{Retries: 5, Base: roundTripper(func(*http.Request) (*http.Response, error) { return nil, failure })})
	_, err := send(t.Context(), transport, http.MethodGet, page)
	assert.Equal(t, failure, err)
}

func TestPausesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ most, want time.Duration }{{0, time.Hour}, {time.Minute, time.Minute}} {
			transport := newTransport(t, nil, httplimit.TransportOptions{MaxPause: c.most, Base: server(func(*http.Request) (*http.Response, error) {
				return saying(http.StatusTooManyRequests, "Retry-After: 99999999999"), nil
			})})
			begin := time.Now()
			for range 2 {
				_, err := send(t.Context(), transport, http.MethodGet, page)
				require.NoError(t, err)
			}
			assert.Equal(t, c.want, time.Since(begin))
		}
	})
}

// TestJitterOnlyAdds: a crowd that was told one instant spreads over the time after it.
func TestJitterOnlyAdds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		sent := make(chan time.Duration, 101)
		transport := newTransport(t, nil, httplimit.TransportOptions{Jitter: 2 * time.Second, Base: server(func(*http.Request) (*http.Response, error) {
			sent <- time.Since(begin)
			if time.Since(begin) == 0 {
				return saying(http.StatusTooManyRequests, "Retry-After: 10"), nil
			}
			return saying(http.StatusOK), nil
		})})
		_, err := send(t.Context(), transport, http.MethodGet, page)
		require.NoError(t, err)
		<-sent
		for range 100 {
			go func() {
				_, err := send(t.Context(), transport, http.MethodGet, page)
				assert.NoError(t, err)
			}()
		}
		apart := map[time.Duration]bool{}
		for range 100 {
			at := <-sent
			assert.GreaterOrEqual(t, at, 10*time.Second)
			assert.Less(t, at, 12*time.Second)
			apart[at] = true
		}
		assert.Greater(t, len(apart), 50)
	})
}

// TestAPauseThatComesWhileWaiting: who stood in line while another was told to wait,
// waits too.
func TestAPauseThatComesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1)})
		var sent []time.Duration
		transport := newTransport(t, limiter, httplimit.TransportOptions{Base: server(func(*http.Request) (*http.Response, error) {
			sent = append(sent, time.Since(begin))
			time.Sleep(time.Second / 2) // the next is in line meanwhile
			return saying(http.StatusOK, `RateLimit: "a";r=0;t=10`), nil
		})})
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := send(t.Context(), transport, http.MethodGet, page)
				done <- err
			}()
			synctest.Wait()
		}
		assert.NoError(t, <-done)
		assert.NoError(t, <-done)
		assert.Equal(t, []time.Duration{0, 10*time.Second + time.Second/2}, sent)
	})
}

// TestALaterAnswerMakesNoPauseShorter: answers come in another order than they were given.
func TestALaterAnswerMakesNoPauseShorter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		asked := 0
		transport := newTransport(t, nil, httplimit.TransportOptions{Base: server(func(*http.Request) (*http.Response, error) {
			asked++
			switch asked {
			case 1:
				time.Sleep(time.Second)
				return saying(http.StatusOK, `RateLimit: "a";r=0;t=60`), nil
			case 2:
				time.Sleep(2 * time.Second)
				return saying(http.StatusOK, `RateLimit: "a";r=0;t=5`), nil
			}
			return saying(http.StatusOK), nil
		})})
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := send(t.Context(), transport, http.MethodGet, page)
				done <- err
			}()
			synctest.Wait()
		}
		assert.NoError(t, <-done)
		assert.NoError(t, <-done)
		_, err := send(t.Context(), transport, http.MethodGet, page)
		assert.NoError(t, err)
		assert.Equal(t, 61*time.Second, time.Since(begin))
	})
}

// TestClientAndServerAgree puts a Transport before a middleware: it keeps to what it is
// told and is never denied.
func TestClientAndServerAgree(t *testing.T) {
	one, two := throttled.PerMinute(7), throttled.PerMinute(6).And(throttled.PerHour(60))
	for _, c := range []struct {
		algorithm throttled.Algorithm
		quota     throttled.Quota
	}{
		{throttled.TokenBucket, one},
		{throttled.TokenBucket, two},
		{throttled.LeakyBucket, two},
		{throttled.GCRA, two},
		{throttled.FixedWindow, one},
		{throttled.SlidingWindow, one},
	} {
		synctest.Test(t, func(t *testing.T) {
			limiter := newLimiter(t, throttled.Config{Quota: c.quota, Algorithm: c.algorithm})
			handler := newMiddleware(t, limiter, httplimit.Options{})(hello)
			transport := newTransport(t, nil, httplimit.TransportOptions{Base: server(func(r *http.Request) (*http.Response, error) {
				return get(handler, alice), nil
			})})
			begin := time.Now()
			for range 100 {
				status, err := send(t.Context(), transport, http.MethodGet, page)
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, status, "%v by %v", c.quota, c.algorithm)
			}
			assert.Greater(t, time.Since(begin), 10*time.Minute, "it was held back")
		})
	}
}

func TestPausesOfManyHostsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := newTransport(t, nil, httplimit.TransportOptions{Base: server(func(*http.Request) (*http.Response, error) {
			return saying(http.StatusTooManyRequests), nil
		})})
		for i := range 1000 {
			url := "http://h" + strings.Repeat("x", i) + "/"
			for range 2 { // the second waits out the pause of the first
				_, err := send(t.Context(), transport, http.MethodGet, url)
				require.NoError(t, err)
			}
		}
		assert.Less(t, httplimit.Pauses(transport), 100)
	})
}

func TestTransportFaults(t *testing.T) {
	_, err := httplimit.NewTransport(nil, httplimit.TransportOptions{Retries: -1, MaxPause: -1})
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	assert.ErrorContains(t, err, "Retries is -1")
	assert.ErrorContains(t, err, "MaxPause is -1ns")
}

func TestTheZeroOptionsWorkWithAClient(t *testing.T) {
	limit := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{})
	server := httptest.NewServer(limit(hello))
	defer server.Close()
	transport, err := httplimit.NewTransport(newLimiter(t, throttled.Config{}), httplimit.TransportOptions{})
	require.NoError(t, err)
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	defer client.CloseIdleConnections()

	res, err := client.Get(server.URL)
	require.NoError(t, err)
	assert.Equal(t, "hello", body(t, res))
	assert.NoError(t, res.Body.Close())

	// An hour is more than the timeout of the client, so it does not even ask.
	_, err = client.Get(server.URL)
	var failed *url.Error
	require.ErrorAs(t, err, &failed)
	assert.ErrorIs(t, err, throttled.ErrLimited)
}
