package httplimit_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/contrib/httplimit"
)

// FuzzForwardedFor reads any X-Forwarded-For of a trusted proxy, in one line and in
// several, beside a reader that cuts it into pieces first.
func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{"", ",", "198.51.100.1", "6.6.6.6, 198.51.100.1, 10.7.7.7", "10.1.1.1,10.2.2.2", "[2001:db8::1]:80, ::ffff:10.0.0.1", "fe80::1%eth0", "a\nb\n198.51.100.1:8", "unknown"} {
		f.Add(seed)
	}
	key, err := httplimit.Compile(httplimit.ClientIP{Trusted: proxies, IPv6Prefix: 128})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.1.2.3:1"
		lines := strings.Split(text, "\n")
		r.Header["X-Forwarded-For"] = lines
		got := textOf(t, key, r)
		if got != "bad key" {
			addr, err := netip.ParseAddr(got)
			require.NoError(t, err)
			require.Equal(t, addr, addr.Unmap().WithZone(""))
		}
		entries := strings.Split(strings.Join(lines, ","), ",")
		require.Equal(t, slowly(t, key, entries), got)

		// Whatever a client writes, what the proxy appends is who it is.
		r.Header["X-Forwarded-For"] = append(lines, "198.51.100.7")
		require.Equal(t, "198.51.100.7", textOf(t, key, r))
		r.Header["X-Forwarded-For"] = []string{text + ", 198.51.100.7"}
		require.Equal(t, "198.51.100.7", textOf(t, key, r))
	})
}

// slowly returns the rightmost entry that is no proxy, each read by itself.
func slowly(t *testing.T, key httplimit.KeyFunc, entries []string) string {
	one := ""
	for _, entry := range slices.Backward(entries) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.1.2.3:1"
		r.Header["X-Forwarded-For"] = []string{entry}
		one = textOf(t, key, r)
		if one == "bad key" {
			return one
		}
		addr := netip.MustParseAddr(one)
		if !proxies[0].Contains(addr) && !proxies[1].Contains(addr) {
			return one
		}
	}
	return one
}

// FuzzForwarded reads any Forwarded of a trusted proxy: whatever a client writes, what
// the proxy appends is who it is, or the request is refused.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{
		"", ",", "for=198.51.100.1", `for="[2001:db8::1]:80";by=10.0.0.1`, `x="`, `for=6.6.6.6;x="\`, `for=6.6.6.6, for=10.0.0.1`, "for=_a;proto=http", `a="b,c;d\"";for=1.1.1.1`, "\n", `"`,
	} {
		f.Add(seed)
	}
	key, err := httplimit.Compile(httplimit.ClientIP{Trusted: proxies, Header: "Forwarded", IPv6Prefix: 128})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.1.2.3:1"
		lines := strings.Split(text, "\n")
		r.Header["Forwarded"] = lines
		if got := textOf(t, key, r); got != "bad key" {
			_, err := netip.ParseAddr(got)
			require.NoError(t, err)
		}
		for appended, client := range map[string]string{
			"for=198.51.100.7":      "198.51.100.7",
			`for="198.51.100.7:80"`: "198.51.100.7",
			`for="[2001:db8::7]:80";by="[2001:db8:aaaa::1]:443"`:   "2001:db8::7",
			`by=10.0.0.1;for="[2001:db8::7]";proto=https;host="h"`: "2001:db8::7",
		} {
			r.Header["Forwarded"] = append(slices.Clip(lines), appended)
			require.Contains(t, []string{client, "bad key"}, textOf(t, key, r))
			r.Header["Forwarded"] = []string{text + ", " + appended}
			got := textOf(t, key, r)
			require.Contains(t, []string{client, "bad key"}, got)
			if !strings.Contains(text, `"`) {
				require.Equal(t, client, got, "only a quote of its own spoils it")
			}
		}
	})
}
