package httplimit_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

func TestKeys(t *testing.T) {
	const basic = "Authorization: Basic YWxpY2U6c2VjcmV0" // alice:secret
	absent := httplimit.KeyFunc(func(*http.Request) (string, error) { return "", nil })
	broken := httplimit.KeyFunc(func(*http.Request) (string, error) { return "x", httplimit.ErrBadKey })
	for _, c := range []struct {
		name  string
		key   httplimit.Key
		lines []string
		want  string
	}{
		{"a constant", httplimit.Constant("all"), nil, "all"},
		{"a function", httplimit.KeyFunc(func(r *http.Request) (string, error) { return r.Method, nil }), nil, "GET"},

		{"a header", httplimit.Header("X-API-Key"), []string{"X-Api-Key: abc"}, "abc"},
		{"a header in lower case", httplimit.Header("x-api-key"), []string{"X-Api-Key: abc"}, "abc"},
		{"a header in upper case", httplimit.Header("X-API-KEY"), []string{"x-api-key: abc"}, "abc"},
		{"no header", httplimit.Header("X-API-Key"), nil, "no key"},
		{"an empty header", httplimit.Header("X-API-Key"), []string{"X-Api-Key: "}, "no key"},
		{"a header twice", httplimit.Header("X-API-Key"), []string{"X-Api-Key: abc", "X-Api-Key: abd"}, "bad key"},

		{"a cookie", httplimit.Cookie("session"), []string{"Cookie: a=b; session=abc"}, "abc"},
		{"a cookie in another case", httplimit.Cookie("session"), []string{"Cookie: Session=abc"}, "no key"},
		{"an empty cookie", httplimit.Cookie("session"), []string{"Cookie: session="}, "no key"},
		{"a cookie twice", httplimit.Cookie("session"), []string{"Cookie: session=abc; session=abd"}, "bad key"},

		{"a user", httplimit.BasicAuthUser{}, []string{basic}, "alice"},
		{"no user", httplimit.BasicAuthUser{}, nil, "no key"},
		{"an empty user", httplimit.BasicAuthUser{}, []string{"Authorization: Basic OnNlY3JldA=="}, "no key"},
		{"another kind of user", httplimit.BasicAuthUser{}, []string{"Authorization: Bearer abc"}, "no key"},

		{"no pattern", httplimit.Pattern{}, nil, "no key"},

		{"two", httplimit.Join{httplimit.ClientIP{}, httplimit.BasicAuthUser{}}, []string{basic}, "192.0.2.1|alice"},
		{"two, of which one is absent", httplimit.Join{httplimit.ClientIP{}, httplimit.BasicAuthUser{}}, nil, "no key"},
		{"two, of which one is empty", httplimit.Join{httplimit.ClientIP{}, absent}, nil, "no key"},
		{"two, of which one is bad", httplimit.Join{httplimit.ClientIP{}, broken}, nil, "bad key"},

		{"the first", httplimit.FirstOf{httplimit.Header("X"), httplimit.ClientIP{}}, []string{"X: abc"}, "0:abc"},
		{"the second", httplimit.FirstOf{httplimit.Header("X"), httplimit.ClientIP{}}, nil, "1:192.0.2.1"},
		{"the third, as the second is empty", httplimit.FirstOf{httplimit.Header("X"), absent, httplimit.ClientIP{}}, nil, "2:192.0.2.1"},
		{"not the second, as the first is bad", httplimit.FirstOf{httplimit.Header("X"), httplimit.ClientIP{}}, []string{"X: a", "X: b"}, "bad key"},
		{"none", httplimit.FirstOf{httplimit.Header("X"), absent}, nil, "no key"},
		{"who asks for the key of another", httplimit.FirstOf{httplimit.Header("X"), httplimit.ClientIP{}}, []string{"X: 1:192.0.2.1"}, "0:1:192.0.2.1"},
		{"one within the other", httplimit.Join{httplimit.Constant("a"), httplimit.FirstOf{httplimit.Header("X"), httplimit.Constant("b|")}}, nil, "a|1:b%7C"},
	} {
		assert.Equal(t, c.want, keyOf(t, c.key, alice, c.lines...), c.name)
	}
}

func TestJoinedKeysDoNotMeet(t *testing.T) {
	parts := []string{"a", "b", "|", "%", "a|", "|a", "%7C", "%25", "a%7C", "||", "%7", "C", "1:a"}
	key := httplimit.Join{httplimit.Header("X"), httplimit.Header("Y")}
	of := map[string][2]string{}
	for _, x := range parts {
		for _, y := range parts {
			text := keyOf(t, key, alice, "X: "+x, "Y: "+y)
			assert.NotContains(t, of, text)
			of[text] = [2]string{x, y}
		}
	}
	assert.Len(t, of, len(parts)*len(parts))
}

func TestThePatternOfAServeMux(t *testing.T) {
	checker, err := httplimit.NewChecker(newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), httplimit.Options{Key: httplimit.Pattern{}})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET /items/{id}", checker.Wrap(hello))
	mux.Handle("GET /users/{id}", checker.Wrap(hello))
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/items/1", http.StatusOK},
		{"/items/2", http.StatusTooManyRequests},
		{"/users/1", http.StatusOK},
	} {
		assert.Equal(t, c.status, ask(mux, httptest.NewRequest(http.MethodGet, c.path, nil)).StatusCode, c.path)
	}
	assert.Equal(t, http.StatusBadRequest, ask(checker.Wrap(mux), httptest.NewRequest(http.MethodGet, "/items/1", nil)).StatusCode, "around the ServeMux no pattern is known")
}

func TestLongKeysAreHashed(t *testing.T) {
	for length, want := range map[int]int{1: 1, httplimit.MaxKeyLength: httplimit.MaxKeyLength, httplimit.MaxKeyLength + 1: 71, 1 << 20: 71} {
		assert.Len(t, keyOf(t, httplimit.Header("X"), alice, "X: "+strings.Repeat("k", length)), want)
	}
	long := strings.Repeat("k", 100)
	hashed := keyOf(t, httplimit.Header("X"), alice, "X: "+long)
	assert.Equal(t, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(long))), hashed)
	assert.NotEqual(t, hashed, keyOf(t, httplimit.Header("X"), alice, "X: "+long+"k"))
	assert.NotEqual(t, hashed, keyOf(t, httplimit.Header("X"), alice, "X: "+hashed), "who knows the hash does not have the key")
}

func TestKeyFaults(t *testing.T) {
	for _, c := range []struct {
		key  httplimit.Key
		says []string
	}{
		{nil, []string{"the key is nil"}},
		{httplimit.KeyFunc(nil), []string{"a KeyFunc is nil"}},
		{httplimit.Constant(""), []string{"a Constant is empty"}},
		{httplimit.Header(""), []string{`a Header is ""`}},
		{httplimit.Header("a:b"), []string{`a Header is "a:b"`}},
		{httplimit.Header("host"), []string{"a Header is Host"}},
		{httplimit.Cookie("a b"), []string{`a Cookie is "a b"`}},
		{httplimit.Join{}, []string{"a Join is empty"}},
		{httplimit.FirstOf{}, []string{"a FirstOf is empty"}},
		{
			httplimit.Join{nil, httplimit.Header(""), httplimit.ClientIP{IPv6Prefix: 200}, httplimit.FirstOf{nil}},
			[]string{"Join[0] is nil", "a Header is", "IPv6Prefix is 200", "FirstOf[0] is nil"},
		},
	} {
		compiled, err := httplimit.Compile(c.key)
		assert.Nil(t, compiled)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig)
		assert.Len(t, strings.Split(err.Error(), "\n"), len(c.says), err)
		for _, say := range c.says {
			assert.ErrorContains(t, err, say)
		}
	}
}

func TestAnErrorOfAKeyFuncIsKept(t *testing.T) {
	failure := errors.New("no session store")
	for _, key := range []httplimit.Key{
		httplimit.KeyFunc(func(*http.Request) (string, error) { return "x", failure }),
		httplimit.Join{httplimit.KeyFunc(func(*http.Request) (string, error) { return "x", failure })},
		httplimit.FirstOf{httplimit.KeyFunc(func(*http.Request) (string, error) { return "x", failure }), httplimit.Constant("all")},
	} {
		compiled, err := httplimit.Compile(key)
		require.NoError(t, err)
		text, err := compiled(httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Empty(t, text)
		assert.ErrorIs(t, err, failure)
	}
}
