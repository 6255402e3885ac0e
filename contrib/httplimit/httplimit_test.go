package httplimit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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

// TestAllocationsOfAnAllowedRequest: the text of RateLimit and the values of two fields, and
// for an IPv6 address its prefix.
func TestAllocationsOfAnAllowedRequest(t *testing.T) {
	checker, err := httplimit.NewChecker(newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1_000_000_000)}), httplimit.Options{})
	require.NoError(t, err)
	for peer, want := range map[string]float64{alice: 2, "[2001:db8:1:2:3:4:5:6]:1234": 3} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		w := httptest.NewRecorder()
		allocations := testing.AllocsPerRun(100, func() {
			clear(w.Header())
			if !checker.Check(w, r) {
				t.Fatal("denied")
			}
		})
		assert.Equal(t, want, allocations, peer)
	}
}

func TestTheBlockingFormOfAsyncUsesItsChannelsAgain(t *testing.T) {
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	channels, err := async.New(throttled.Config{Quota: throttled.PerSecond(1_000_000_000), Store: memory})
	require.NoError(t, err)
	limiter := httplimit.Async(channels)
	// A channel is two. Under the race detector a sync.Pool forgets every fourth.
	assert.Less(t, testing.AllocsPerRun(1000, func() {
		if _, err := limiter.LimitN(t.Context(), "alice", 1); err != nil {
			t.Fatal(err)
		}
	}), 2.0)
}
