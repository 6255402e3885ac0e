package httplimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

// limiterFunc is a limiter that tells nothing of itself.
type limiterFunc func(ctx context.Context, key string, cost int64) (throttled.Result, error)

func (f limiterFunc) LimitN(ctx context.Context, key string, cost int64) (throttled.Result, error) {
	return f(ctx, key, cost)
}

func TestTheStoreAway(t *testing.T) {
	for _, c := range []struct {
		onFailure httplimit.Failure
		status    int
	}{
		{httplimit.Deny, http.StatusServiceUnavailable},
		{httplimit.Allow, http.StatusOK},
	} {
		away := true
		limiter := limiterFunc(func(context.Context, string, int64) (throttled.Result, error) {
			if away {
				return throttled.Result{}, throttled.ErrStoreUnavailable
			}
			return throttled.NewResult(true, throttled.State{Limit: 1}), nil
		})
		var log bytes.Buffer
		handler := newMiddleware(t, limiter, httplimit.Options{
			Fields:    httplimit.FieldsNone,
			OnFailure: c.onFailure,
			Logger:    slog.New(slog.NewTextHandler(&log, nil)),
		})(hello)

		for range 3 {
			res := get(handler, alice)
			assert.Equal(t, c.status, res.StatusCode)
			assert.Empty(t, res.Header.Get("Retry-After"))
			if c.onFailure == httplimit.Deny {
				document := problemOf(t, res)
				assert.Equal(t, "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity", document["type"])
				assert.Equal(t, []any{}, document["violated-policies"])
			}
		}
		assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
		assert.Contains(t, log.String(), "is away")
		assert.Contains(t, log.String(), "store unavailable")

		away = false
		for range 3 {
			assert.Equal(t, http.StatusOK, get(handler, alice).StatusCode)
		}
		assert.Equal(t, 2, strings.Count(log.String(), "\n"), log.String())
		assert.Contains(t, log.String(), "is back")

		away = true
		get(handler, alice)
		assert.Equal(t, 3, strings.Count(log.String(), "\n"), log.String())
	}
}

func TestWhatIsNoFaultOfTheStore(t *testing.T) {
	var log bytes.Buffer
	for _, c := range []struct {
		name   string
		err    error
		ended  bool
		status int
	}{
		{"a cost that is negative", throttled.ErrInvalidCost, false, http.StatusInternalServerError},
		{"a store that is full", throttled.ErrFull, false, http.StatusServiceUnavailable},
		{"a client that is gone", context.Canceled, true, http.StatusServiceUnavailable},
	} {
		limiter := limiterFunc(func(context.Context, string, int64) (throttled.Result, error) { return throttled.Result{}, c.err })
		handler := newMiddleware(t, limiter, httplimit.Options{
			Fields:    httplimit.FieldsNone,
			OnFailure: httplimit.Allow,
			Logger:    slog.New(slog.NewTextHandler(&log, nil)),
		})(hello)
		ctx, cancel := context.WithCancel(t.Context())
		if c.ended {
			cancel()
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
		assert.Equal(t, c.status, ask(handler, r).StatusCode, c.name)
		cancel()
	}
	assert.Empty(t, log.String())
}

func TestWhatWasLetThroughUncheckedIsToldNothing(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1), Hooks: []throttled.Hook{func(throttled.Handler) throttled.Handler {
		return func(context.Context, throttled.Call) (throttled.Result, error) {
			return throttled.Result{Allowed: true}, nil
		}
	}}})
	res := get(newMiddleware(t, limiter, httplimit.Options{})(hello), alice)
	assert.Equal(t, http.StatusOK, res.StatusCode)
	assert.Empty(t, res.Header.Get("RateLimit"))
}

func TestNumbersOfAHookAreNotBelieved(t *testing.T) {
	state := throttled.State{Limit: 100, Remaining: 99, RetryAfter: time.Second}
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(6), Hooks: []throttled.Hook{func(throttled.Handler) throttled.Handler {
		return func(context.Context, throttled.Call) (throttled.Result, error) {
			return throttled.NewResult(false, state), nil
		}
	}}})
	handler := newMiddleware(t, limiter, httplimit.Options{})(hello)
	assert.Equal(t, `"6/h";r=6;t=3600`, get(handler, alice).Header.Get("RateLimit"), "r is at most q")

	state.Rate = 1 // which the quota does not have
	res := get(handler, alice)
	assert.Empty(t, res.Header.Get("RateLimit"))
	assert.Equal(t, "1", res.Header.Get("Retry-After"))
	assert.Equal(t, []any{}, problemOf(t, res)["violated-policies"])
}

func TestNewReportsEveryFaultAtOnce(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(9)})
	for _, c := range []struct {
		name    string
		limiter httplimit.Limiter
		options httplimit.Options
		says    []string
	}{
		{"no limiter", nil, httplimit.Options{}, []string{"the limiter is nil"}},
		{"a limiter that tells nothing", limiterFunc(nil), httplimit.Options{}, []string{"httplimit_test.limiterFunc, has no methods Quota and Algorithm"}},
		{
			"everything", limiter,
			httplimit.Options{
				Key:         httplimit.Header(""),
				Fields:      httplimit.FieldsNone | httplimit.FieldsX,
				PolicyNames: []string{"", "a", "a", "é"},
				QuotaUnit:   "\n",
				OnFailure:   9,
			},
			[]string{
				"joins FieldsNone with others", `has 4 names; "9/h" has 1 rates`, `PolicyNames[0] is ""`, `PolicyNames[2] is "a", as is one before it`,
				`PolicyNames[3] is "é"`, `QuotaUnit is "\n"`, "OnFailure is 9", `a Header is ""`,
			},
		},
		{"unknown fields", limiter, httplimit.Options{Fields: 128}, []string{"Options.Fields is 128"}},
	} {
		limit, err := httplimit.New(c.limiter, c.options)
		assert.Nil(t, limit, c.name)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig, c.name)
		assert.Len(t, strings.Split(err.Error(), "\n"), len(c.says), "%s: %v", c.name, err)
		for _, say := range c.says {
			assert.ErrorContains(t, err, say, c.name)
		}
	}
	limit, err := httplimit.New(limiterFunc(nil), httplimit.Options{Fields: httplimit.FieldsNone})
	assert.NoError(t, err)
	assert.NotNil(t, limit)
}

func TestAKeyErrorRefuses(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(9), Key: "everybody"})
	failure := errors.New("what the function says")
	for _, key := range []httplimit.KeyFunc{
		func(*http.Request) (string, error) { return "", nil },
		func(*http.Request) (string, error) { return "x", failure },
	} {
		var seen error
		handler := newMiddleware(t, limiter, httplimit.Options{Key: key, Observe: func(_ *http.Request, d httplimit.Decision) { seen = d.Err }})(hello)
		res := get(handler, alice)
		assert.Equal(t, http.StatusBadRequest, res.StatusCode)
		assert.Equal(t, "about:blank", problemOf(t, res)["type"])
		assert.Empty(t, res.Header.Get("RateLimit"))
		assert.True(t, errors.Is(seen, failure) || errors.Is(seen, httplimit.ErrNoKey))
	}
	state, err := limiter.Peek(t.Context(), "")
	require.NoError(t, err)
	assert.EqualValues(t, 9, state.Remaining, "no key is not the key of everybody")
}
