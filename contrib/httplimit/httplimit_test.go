package httplimit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"github.com/throttled-go/throttled/sync"
)

// newLimiter returns a limiter with a memory of its own.
func newLimiter(t testing.TB, cfg throttled.Config) *sync.Limiter {
	t.Helper()
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	cfg.Store = memory
	limiter, err := sync.New(cfg)
	require.NoError(t, err)
	return limiter
}

func newMiddleware(t testing.TB, limiter httplimit.Limiter, options httplimit.Options) func(http.Handler) http.Handler {
	t.Helper()
	limit, err := httplimit.New(limiter, options)
	require.NoError(t, err)
	return limit
}

// hello is the handler that is limited.
var hello = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

// get asks handler for a page from that peer.
func get(handler http.Handler, peer string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	return ask(handler, r)
}

func ask(handler http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Result()
}

const (
	alice = "192.0.2.1:1234"
	bob   = "192.0.2.2:1234"
)

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(text)
}

// problemOf returns the problem document of an answer.
func problemOf(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(body(t, res)), &document))
	assert.EqualValues(t, res.StatusCode, document["status"])
	return document
}

func TestAMiddlewareTellsAndDenies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(2)})
		handler := newMiddleware(t, limiter, httplimit.Options{})(hello)

		res := get(handler, alice)
		assert.Equal(t, http.StatusOK, res.StatusCode)
		assert.Equal(t, "hello", body(t, res))
		assert.Equal(t, `"2/m";q=2;w=60`, res.Header.Get("RateLimit-Policy"))
		assert.Equal(t, `"2/m";r=1;t=30`, res.Header.Get("RateLimit"))
		assert.Empty(t, res.Header.Values("Retry-After"))

		time.Sleep(10 * time.Second)
		res = get(handler, alice)
		assert.Equal(t, http.StatusOK, res.StatusCode)
		assert.Equal(t, `"2/m";r=0;t=20`, res.Header.Get("RateLimit"))

		time.Sleep(1500 * time.Millisecond)
		res = get(handler, alice)
		assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
		assert.Equal(t, `"2/m";q=2;w=60`, res.Header.Get("RateLimit-Policy"))
		assert.Equal(t, `"2/m";r=0;t=19`, res.Header.Get("RateLimit"))
		assert.Equal(t, "19", res.Header.Get("Retry-After"))
		assert.Equal(t, map[string]any{
			"type":              "https://iana.org/assignments/http-problem-types#quota-exceeded",
			"title":             "Quota Exceeded",
			"status":            429.0,
			"violated-policies": []any{"2/m"},
		}, problemOf(t, res))

		assert.Equal(t, http.StatusOK, get(handler, bob).StatusCode, "another client has a quota of its own")
	})
}

func TestBothFacesDecideTheSame(t *testing.T) {
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	cfg := throttled.Config{Quota: throttled.PerHour(4), Store: memory}
	channels, err := async.New(cfg)
	require.NoError(t, err)
	blocking, err := sync.New(cfg)
	require.NoError(t, err)
	one := newMiddleware(t, httplimit.Async(channels), httplimit.Options{})(hello)
	other := newMiddleware(t, blocking, httplimit.Options{})(hello)

	for i, handler := range []http.Handler{one, other, one, other} {
		assert.Equal(t, http.StatusOK, get(handler, alice).StatusCode, i)
	}
	for _, handler := range []http.Handler{one, other} {
		res := get(handler, alice)
		assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
		assert.Equal(t, `"4/h";q=4;w=3600`, res.Header.Get("RateLimit-Policy"))
	}
}

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

func TestSkipCostAndShadow(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(5)})
	left := func() int64 {
		state, err := limiter.Peek(t.Context(), "192.0.2.1")
		require.NoError(t, err)
		return state.Remaining
	}
	var seen []httplimit.Decision
	observe := func(r *http.Request, d httplimit.Decision) { seen = append(seen, d) }

	skipping := newMiddleware(t, limiter, httplimit.Options{Observe: observe, Skip: func(r *http.Request) bool { return r.URL.Path == "/" }})(hello)
	res := get(skipping, alice)
	assert.Equal(t, http.StatusOK, res.StatusCode)
	assert.Empty(t, res.Header.Get("RateLimit"))
	assert.EqualValues(t, 5, left())
	assert.Empty(t, seen)

	free := newMiddleware(t, limiter, httplimit.Options{Cost: func(*http.Request) int64 { return 0 }})(hello)
	assert.Equal(t, `"5/h";r=5;t=3600`, get(free, alice).Header.Get("RateLimit"))
	assert.EqualValues(t, 5, left())

	shadow := newMiddleware(t, limiter, httplimit.Options{Observe: observe, Shadow: true, Cost: func(*http.Request) int64 { return 3 }})(hello)
	for i, allowed := range []bool{true, false} {
		res = get(shadow, alice)
		assert.Equal(t, http.StatusOK, res.StatusCode)
		assert.Equal(t, "hello", body(t, res))
		assert.Empty(t, res.Header.Get("RateLimit"))
		assert.Empty(t, res.Header.Get("Retry-After"))
		require.Len(t, seen, i+1)
		assert.Equal(t, "192.0.2.1", seen[i].Key)
		assert.EqualValues(t, 3, seen[i].Cost)
		assert.Equal(t, allowed, seen[i].Result.Allowed)
		assert.NoError(t, seen[i].Err)
	}
	assert.EqualValues(t, 2, left(), "it charges as ever")
}

func TestRefuseAnswersInPlaceOfTheDocument(t *testing.T) {
	var got httplimit.Refusal
	handler := newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{
		PolicyNames: []string{"hourly"},
		Refuse: func(w http.ResponseWriter, r *http.Request, refusal httplimit.Refusal) {
			got = refusal
			http.Error(w, "come back in "+w.Header().Get("Retry-After"), refusal.Status)
		},
	})(hello)
	get(handler, alice)
	res := get(handler, alice)
	assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	assert.Equal(t, "come back in 3600\n", body(t, res))
	assert.Equal(t, `"hourly";r=0;t=3600`, res.Header.Get("RateLimit"))
	assert.Equal(t, []string{"hourly"}, got.Policies)
	assert.Equal(t, "192.0.2.1", got.Key)
	assert.False(t, got.Result.Allowed)

	// What it does not want to answer itself, it may hand back.
	handler = newMiddleware(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{
		Refuse: func(w http.ResponseWriter, r *http.Request, refusal httplimit.Refusal) { refusal.Write(w) },
	})(hello)
	get(handler, alice)
	assert.Equal(t, "Quota Exceeded", problemOf(t, get(handler, alice))["title"])
}

func TestCheckIsTheMiddlewareAsACall(t *testing.T) {
	checker, err := httplimit.NewChecker(newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	assert.True(t, checker.Check(w, r))
	assert.Empty(t, w.Body.String())
	assert.Equal(t, `"1/h";r=0;t=3600`, w.Header().Get("RateLimit"))
	w = httptest.NewRecorder()
	assert.False(t, checker.Check(w, r))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
}

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

func TestAClientThatVanishesMidWaitGivesItsPlaceUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1), Timeout: time.Hour})
		handler := newMiddleware(t, limiter, httplimit.Options{})(hello)
		require.Equal(t, http.StatusOK, get(handler, alice).StatusCode)

		begin := time.Now()
		vanishing, vanish := context.WithCancel(t.Context())
		statuses := make(chan int, 2)
		go func() {
			r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(vanishing)
			r.RemoteAddr = alice
			statuses <- ask(handler, r).StatusCode
		}()
		synctest.Wait()
		go func() { statuses <- get(handler, alice).StatusCode }() // behind it
		synctest.Wait()
		vanish()
		assert.Equal(t, http.StatusServiceUnavailable, <-statuses)
		assert.Equal(t, http.StatusOK, <-statuses)
		assert.Equal(t, time.Minute, time.Since(begin), "who is behind moves up")
	})
}

// TestTheResponseWriterIsTheServers: what it can do besides is not lost on the way.
func TestTheResponseWriterIsTheServers(t *testing.T) {
	limit := newMiddleware(t, newLimiter(t, throttled.Config{}), httplimit.Options{})
	server := httptest.NewServer(limit(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, flushes := w.(http.Flusher)
		_, hijacks := w.(http.Hijacker)
		_, readsFrom := w.(io.ReaderFrom)
		assert.True(t, flushes && hijacks && readsFrom)
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)))
		_, _ = io.WriteString(w, "first")
		assert.NoError(t, http.NewResponseController(w).Flush())
		_, _ = io.WriteString(w, " second")
	})))
	defer server.Close()

	res, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	assert.NotEmpty(t, res.Header.Get("RateLimit"), "fields are there though the answer is streamed")
	assert.Equal(t, "first second", body(t, res))
	assert.Empty(t, res.Trailer)
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

func TestAnAllowedRequestAllocatesTwice(t *testing.T) {
	checker, err := httplimit.NewChecker(newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1_000_000_000)}), httplimit.Options{})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	allocations := testing.AllocsPerRun(100, func() {
		clear(w.Header())
		if !checker.Check(w, r) {
			t.Fatal("denied")
		}
	})
	assert.EqualValues(t, 2, allocations, "the text of RateLimit, and the two values")
}
