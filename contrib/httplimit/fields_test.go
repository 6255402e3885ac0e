package httplimit_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

func TestADenialForEverHasNoRetryAfter(t *testing.T) {
	handler := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(4)}), httplimit.Options{
		Cost: func(*http.Request) int64 { return 5 },
	})(hello)
	res := get(handler, alice)
	assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	assert.Empty(t, res.Header.Values("Retry-After"))
	assert.Equal(t, `"4/h";r=4;t=3600`, res.Header.Get("RateLimit"))
}

func TestTheRateThatBindsIsNamed(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(5).And(throttled.PerHour(3))})
	handler := newMiddleware(t, limiter, httplimit.Options{PolicyNames: []string{"burst", `the "hour"\`}})(hello)
	var res *http.Response
	for range 4 {
		res = get(handler, alice)
	}
	assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	assert.Equal(t, `"burst";q=5;w=1, "the \"hour\"\\";q=3;w=3600`, res.Header.Get("RateLimit-Policy"))
	assert.True(t, strings.HasPrefix(res.Header.Get("RateLimit"), `"the \"hour\"\\";r=0;t=1200`), res.Header.Get("RateLimit"))
	assert.Equal(t, []any{`the "hour"\`}, problemOf(t, res)["violated-policies"])
}

func TestEachOfSeveralMiddlewaresAddsItsItems(t *testing.T) {
	inner := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)}), httplimit.Options{PolicyNames: []string{"in"}})
	outer := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(9)}), httplimit.Options{PolicyNames: []string{"out"}})
	res := get(outer(inner(hello)), alice)
	assert.Equal(t, []string{`"out";q=9;w=3600`, `"in";q=2;w=3600`}, res.Header.Values("RateLimit-Policy"))
	assert.Equal(t, []string{`"out";r=8;t=3200`, `"in";r=1;t=1800`}, res.Header.Values("RateLimit"))
}

func TestOlderFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which begins at midnight UTC of 2000-01-01, 946684800
		for _, c := range []struct {
			fields         httplimit.Fields
			allowed        map[string]string
			denied, absent []string
		}{
			{
				httplimit.FieldsDraft06,
				map[string]string{"RateLimit-Limit": "2", "RateLimit-Remaining": "1", "RateLimit-Reset": "30"},
				[]string{"2", "0", "30"},
				[]string{"RateLimit", "RateLimit-Policy", "X-RateLimit-Limit"},
			},
			{
				httplimit.FieldsX,
				map[string]string{"X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "946684830"},
				[]string{"2", "0", "946684830"},
				[]string{"RateLimit", "RateLimit-Policy", "RateLimit-Limit"},
			},
			{
				httplimit.FieldsX | httplimit.FieldsDraft11,
				map[string]string{"X-RateLimit-Limit": "2", "RateLimit": `"2/m";r=1;t=30`, "RateLimit-Policy": `"2/m";q=2;w=60`},
				nil,
				[]string{"RateLimit-Limit"},
			},
			{
				httplimit.FieldsNone,
				nil, nil,
				[]string{"RateLimit", "RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Limit"},
			},
		} {
			handler := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerMinute(2)}), httplimit.Options{Fields: c.fields})(hello)
			res := get(handler, alice)
			for name, value := range c.allowed {
				assert.Equal(t, []string{value}, res.Header.Values(name), name)
			}
			get(handler, alice)
			res = get(handler, alice)
			assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
			assert.Equal(t, "30", res.Header.Get("Retry-After"), "whatever the fields")
			for i, want := range c.denied {
				name := map[httplimit.Fields]string{httplimit.FieldsX: "X-"}[c.fields] + "RateLimit-" + []string{"Limit", "Remaining", "Reset"}[i]
				assert.Equal(t, []string{want}, res.Header.Values(name), name)
			}
			for _, name := range c.absent {
				assert.Empty(t, res.Header.Values(name), name)
			}
		}
	})
}

func TestAnOlderResetIsRoundedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerMinute(2)}), httplimit.Options{Fields: httplimit.FieldsX})(hello)
		time.Sleep(time.Nanosecond) // past 946684800
		assert.Equal(t, "946684831", get(handler, alice).Header.Get("X-RateLimit-Reset"), "half a minute from now is not over before")
	})
}

func TestAnOlderResetThatIsUnknownIsTakenOut(t *testing.T) {
	inner := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{
		Fields: httplimit.FieldsDraft06,
		Cost:   func(r *http.Request) int64 { return int64(len(r.Header.Values("Dear"))) * 2 },
	})
	outer := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(9)}), httplimit.Options{Fields: httplimit.FieldsDraft06})
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)})
	emptied := newMiddleware(t, limiter, httplimit.Options{Fields: httplimit.FieldsDraft06, Key: httplimit.Constant("all"), Cost: func(*http.Request) int64 { return 2 }})
	_, err := limiter.Limit(t.Context(), "all")
	require.NoError(t, err)

	res := get(outer(inner(hello)), alice)
	assert.Equal(t, "3600", res.Header.Get("RateLimit-Reset"), "the innermost has its say")
	res = get(outer(emptied(hello)), alice)
	assert.Equal(t, "0", res.Header.Get("RateLimit-Remaining"))
	assert.Empty(t, res.Header.Values("RateLimit-Reset"), "never is no number")
}

func TestTheUnitOfTheQuotaIsTold(t *testing.T) {
	handler := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1000)}), httplimit.Options{QuotaUnit: "content-bytes"})(hello)
	assert.Equal(t, `"1000/s";q=1000;qu="content-bytes";w=1`, get(handler, alice).Header.Get("RateLimit-Policy"))
}

func TestSharedValuesAreNotHandedOut(t *testing.T) {
	limit := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(9)}), httplimit.Options{})
	spoiling := limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Ratelimit-Policy"][0] = "spoilt"
		w.Header().Add("RateLimit-Policy", "more")
	}))
	get(spoiling, alice)
	assert.Equal(t, []string{`"9/h";q=9;w=3600`}, get(limit(hello), alice).Header.Values("RateLimit-Policy"))
	assert.Equal(t, []string{"spoilt", "more"}, get(spoiling, alice).Header.Values("RateLimit-Policy"))
	assert.Equal(t, 1, len(get(spoiling, alice).Header.Values("RateLimit")))
}
