package httplimit_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/httplimit"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

var proxies = prefixes("10.0.0.0/8", "2001:db8:aaaa::/48")

// keyOf returns what key makes of a request from that peer with these header lines,
// "Name: value" each; an error is "no key" or "bad key".
func keyOf(t testing.TB, key httplimit.Key, peer string, lines ...string) string {
	t.Helper()
	compiled, err := httplimit.Compile(key)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = peer
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return textOf(t, compiled, r)
}

// textOf returns the key of r, or the kind of its error.
func textOf(t testing.TB, key httplimit.KeyFunc, r *http.Request) string {
	t.Helper()
	text, err := key(r)
	if err != nil {
		assert.Empty(t, text)
		for _, known := range []error{httplimit.ErrNoKey, httplimit.ErrBadKey} {
			if errors.Is(err, known) {
				return strings.TrimPrefix(known.Error(), "httplimit: ")
			}
		}
	}
	require.NoError(t, err)
	require.NotEmpty(t, text)
	return text
}

func TestThePeerIsTheClient(t *testing.T) {
	for peer, want := range map[string]string{
		"192.0.2.1:1234":                  "192.0.2.1",
		"192.0.2.1":                       "192.0.2.1", // as some middlewares write it
		"[::ffff:192.0.2.1]:1234":         "192.0.2.1",
		"::ffff:192.0.2.1":                "192.0.2.1",
		"0:0:0:0:0:ffff:192.0.2.1":        "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1234":     "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:1":         "2001:db8:1:2::/64",
		"2001:db8:1:3::1":                 "2001:db8:1:3::/64",
		"[fe80::1%eth0]:1234":             "fe80::/64",
		"[fe80::1%eth1]:1234":             "fe80::/64",
		"":                                "bad key",
		"@":                               "bad key",
		"/run/app.sock":                   "bad key",
		"192.0.2.1:http":                  "bad key",
		"192.0.2.01:80":                   "bad key",
		"example.com:80":                  "bad key",
		"192.0.2.1:80:80":                 "bad key",
		strings.Repeat("1", 1<<20) + ":1": "bad key",
	} {
		assert.Equal(t, want, keyOf(t, httplimit.ClientIP{}, peer, "X-Forwarded-For: 198.51.100.1", "Forwarded: for=198.51.100.1"), "%.50q", peer)
	}
}

func TestIPv6PrefixLengths(t *testing.T) {
	for bits, want := range map[int]string{
		0: "2001:db8:1:2::/64", 64: "2001:db8:1:2::/64", 56: "2001:db8:1::/56", 48: "2001:db8:1::/48", 1: "::/1", 128: "2001:db8:1:2:3::4",
	} {
		assert.Equal(t, want, keyOf(t, httplimit.ClientIP{IPv6Prefix: bits}, "[2001:db8:1:2:3::4]:1"))
		assert.Equal(t, "192.0.2.1", keyOf(t, httplimit.ClientIP{IPv6Prefix: bits}, "192.0.2.1:1"), "IPv4 counts whole")
	}
}

func TestForwardedFor(t *testing.T) {
	const proxy = "10.1.2.3:4567"
	for _, c := range []struct {
		name, peer string
		lines      []string
		want       string
	}{
		{"a peer that is no proxy is the client", "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		{"garbage of a peer that is no proxy is not read", "192.0.2.1:1", []string{"garbage"}, "192.0.2.1"},
		{"one proxy", proxy, []string{"198.51.100.1"}, "198.51.100.1"},
		{"a proxy that is told as IPv6", "[::ffff:10.1.2.3]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a proxy of IPv6", "[2001:db8:aaaa::1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a client of IPv6", proxy, []string{"2001:db8:1:2::3"}, "2001:db8:1:2::/64"},
		{"what the client wrote is not looked at", proxy, []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		{"not even garbage", proxy, []string{"garbage,,\x00, 198.51.100.1"}, "198.51.100.1"},
		{"nor another proxy", proxy, []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", proxy, []string{"6.6.6.6, 198.51.100.1, 10.7.7.7"}, "198.51.100.1"},
		{"lines are one list", proxy, []string{"6.6.6.6", "198.51.100.1", "10.7.7.7, 10.7.7.8"}, "198.51.100.1"},
		{"a line of one who appends a line", proxy, []string{"198.51.100.1, garbage", "198.51.100.2"}, "198.51.100.2"},
		{"all are trusted", proxy, []string{"10.5.5.5, 10.6.6.6"}, "10.5.5.5"},
		{"no field", proxy, nil, "10.1.2.3"},
		{"ports", proxy, []string{"198.51.100.1:80"}, "198.51.100.1"},
		{"ports of IPv6", proxy, []string{"[2001:db8:1:2::3]:80"}, "2001:db8:1:2::/64"},
		{"brackets", proxy, []string{"[2001:db8:1:2::3]"}, "2001:db8:1:2::/64"},
		{"IPv4 as IPv6", proxy, []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a proxy as IPv6 in the list", proxy, []string{"198.51.100.1, ::ffff:10.7.7.7"}, "198.51.100.1"},
		{"a zone", proxy, []string{"fe80::1%eth0"}, "fe80::/64"},
		{"white space", proxy, []string{" \t198.51.100.1\t "}, "198.51.100.1"},
		{"empty", proxy, []string{""}, "bad key"},
		{"an empty end, which a proxy wrote", proxy, []string{"6.6.6.6,"}, "bad key"},
		{"an empty last line", proxy, []string{"6.6.6.6", " "}, "bad key"},
		{"unknown", proxy, []string{"6.6.6.6, unknown"}, "bad key"},
		{"a name", proxy, []string{"6.6.6.6, example.com"}, "bad key"},
		{"a socket, as nginx writes it", proxy, []string{"6.6.6.6, unix:"}, "bad key"},
		{"no address at all", proxy, []string{"6.6.6.6, 0.0.0.0"}, "bad key"},
		{"garbage between proxies", proxy, []string{"6.6.6.6, 198.51.100.300, 10.7.7.7"}, "bad key"},
		{"an octal number", proxy, []string{"6.6.6.6, 198.051.100.1"}, "bad key"},
		{"quotes", proxy, []string{`"198.51.100.1"`}, "bad key"},
		{"half a bracket", proxy, []string{"[2001:db8::1"}, "bad key"},
		{"more than a port", proxy, []string{"[2001:db8::1]80"}, "bad key"},
		{"no port", proxy, []string{"198.51.100.1:"}, "bad key"},
		{"IPv4 in brackets", proxy, []string{"[198.51.100.1]"}, "bad key"},
		{"a port that is none", proxy, []string{"198.51.100.1:8 0"}, "bad key"},
		{"other white space", proxy, []string{"198.51.100.1\u00a0"}, "bad key"},
		{"a thousand of the client's", proxy, []string{strings.Repeat("6.6.6.6, ", 1000) + "198.51.100.1"}, "198.51.100.1"},
		{"a thousand proxies", proxy, []string{"6.6.6.6, 198.51.100.1" + strings.Repeat(", 10.7.7.7", 1000)}, "198.51.100.1"},
		{"a megabyte of commas", proxy, []string{strings.Repeat(",", 1<<20) + "198.51.100.1"}, "198.51.100.1"},
		{"a megabyte of one entry", proxy, []string{strings.Repeat("1", 1<<20)}, "bad key"},
	} {
		for _, header := range []string{"", "x-forwarded-for"} {
			var lines []string
			for _, line := range c.lines {
				lines = append(lines, "X-Forwarded-For: "+line)
			}
			assert.Equal(t, c.want, keyOf(t, httplimit.ClientIP{Trusted: proxies, Header: header}, c.peer, lines...), c.name)
		}
	}
}

func TestForwarded(t *testing.T) {
	const proxy = "10.1.2.3:4567"
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"one proxy", []string{"for=198.51.100.1"}, "198.51.100.1"},
		{"all of it", []string{`for=198.51.100.1;proto=https;by="[2001:db8::1]:80";host=example.com`}, "198.51.100.1"},
		{"any order and any case", []string{`proto=https; FOR="198.51.100.1:4711"`}, "198.51.100.1"},
		{"IPv6", []string{`for="[2001:db8:1:2::3]:4711"`}, "2001:db8:1:2::/64"},
		{"the example of the RFC", []string{`for=192.0.2.43, for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::/64"},
		{"what the client wrote is not looked at", []string{"for=6.6.6.6, for=198.51.100.1"}, "198.51.100.1"},
		{"not even garbage", []string{"=;;for=, for=198.51.100.1"}, "198.51.100.1"},
		{"two proxies", []string{"for=6.6.6.6, for=198.51.100.1;by=10.1.2.3, for=10.7.7.7"}, "198.51.100.1"},
		{"lines are one list", []string{"for=6.6.6.6", "for=198.51.100.1", "for=10.7.7.7"}, "198.51.100.1"},
		{"all are trusted", []string{"for=10.5.5.5, for=10.6.6.6"}, "10.5.5.5"},
		{"no field", nil, "10.1.2.3"},
		{"a comma in quotes", []string{`for=198.51.100.1;host="a, for=6.6.6.6"`}, "198.51.100.1"},
		{"a semicolon in quotes", []string{`host="a;for=6.6.6.6";for=198.51.100.1`}, "198.51.100.1"},
		{"a quote in quotes", []string{`host="a\", for=6.6.6.6";for=198.51.100.1`}, "198.51.100.1"},
		{"a hidden port", []string{`for="[2001:db8:1:2::3]:_port"`}, "2001:db8:1:2::/64"},
		{"empty", []string{""}, "bad key"},
		{"an empty end", []string{"for=6.6.6.6,"}, "bad key"},
		{"nothing for", []string{"for=6.6.6.6, proto=https"}, "bad key"},
		{"unknown", []string{"for=6.6.6.6, for=unknown"}, "bad key"},
		{"hidden", []string{"for=6.6.6.6, for=_hidden"}, "bad key"},
		{"twice", []string{"for=198.51.100.1;for=6.6.6.6"}, "bad key"},
		{"no name", []string{"=198.51.100.1"}, "bad key"},
		{"no value", []string{"for"}, "bad key"},
		{"garbage after it", []string{"for=198.51.100.1;garbage"}, "bad key"},
		{"garbage between proxies", []string{"for=6.6.6.6, garbage, for=10.7.7.7"}, "bad key"},
		{"X-Forwarded-For's form", []string{"198.51.100.1"}, "bad key"},
		{"a quote without end before the proxy's", []string{`for="`, "for=198.51.100.1"}, "bad key"},
		{"a quote that swallows the proxy's", []string{`for=6.6.6.6;x="`, `for="[2001:db8::7]:80"`}, "bad key"},
		{"a quote that swallows the proxy's with an escape", []string{`for=6.6.6.6;x="\`, `for="[2001:db8::7]:80"`}, "bad key"},
		{"a thousand of the client's", []string{strings.Repeat("for=6.6.6.6, ", 1000) + "for=198.51.100.1"}, "198.51.100.1"},
		{"a thousand parameters", []string{strings.Repeat("a=b;", 1000) + "for=198.51.100.1"}, "198.51.100.1"},
	} {
		var lines []string
		for _, line := range c.lines {
			lines = append(lines, "Forwarded: "+line)
		}
		assert.Equal(t, c.want, keyOf(t, httplimit.ClientIP{Trusted: proxies, Header: "forwarded"}, proxy, lines...), c.name)
		assert.Equal(t, "192.0.2.1", keyOf(t, httplimit.ClientIP{Trusted: proxies, Header: "Forwarded"}, "192.0.2.1:1", lines...), c.name)
	}
}

func TestAFieldWithOneAddress(t *testing.T) {
	key := httplimit.ClientIP{Trusted: proxies, Header: "x-real-ip"}
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"198.51.100.1"}, "198.51.100.1"},
		{[]string{"10.5.5.5"}, "10.5.5.5"},
		{[]string{"6.6.6.6, 198.51.100.1"}, "bad key"},
		{[]string{"6.6.6.6", "198.51.100.1"}, "bad key"},
		{[]string{""}, "bad key"},
		{nil, "10.1.2.3"},
	} {
		var lines []string
		for _, line := range c.lines {
			lines = append(lines, "X-Real-Ip: "+line)
		}
		assert.Equal(t, c.want, keyOf(t, key, "10.1.2.3:1", lines...), "%q", c.lines)
		assert.Equal(t, "192.0.2.1", keyOf(t, key, "192.0.2.1:1", lines...))
	}
}

// TestAnotherFieldThanIsExpected: were the proxy taken for the client, all would share a key.
func TestAnotherFieldThanIsExpected(t *testing.T) {
	fields := []string{"X-Forwarded-For", "Forwarded", "X-Real-IP"}
	for _, expected := range append(fields, "CF-Connecting-IP") {
		key := httplimit.ClientIP{Trusted: proxies, Header: expected}
		for _, sent := range fields {
			want := "bad key"
			if sent == expected {
				want = "198.51.100.1"
			}
			value := map[string]string{"Forwarded": "for="}[sent] + "198.51.100.1"
			assert.Equal(t, want, keyOf(t, key, "10.1.2.3:1", sent+": "+value), "%s for %s", sent, expected)
		}
		assert.Equal(t, "10.1.2.3", keyOf(t, key, "10.1.2.3:1", "X-Forwarded-Host: example.com"))
	}
}

func TestOverAUnixSocket(t *testing.T) {
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "http.sock"))
	require.NoError(t, err)
	keys := map[string]httplimit.KeyFunc{}
	for name, key := range map[string]httplimit.ClientIP{"none": {}, "proxies": {Trusted: proxies}, "unix": {TrustUnix: true}} {
		keys[name], err = httplimit.Compile(key)
		require.NoError(t, err)
	}
	got := map[string]string{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for name, key := range keys {
			got[name] = textOf(t, key, r)
		}
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", listener.Addr().String())
	}}}
	defer client.CloseIdleConnections()
	for header, want := range map[string]map[string]string{
		"198.51.100.1": {"none": "bad key", "proxies": "bad key", "unix": "198.51.100.1"},
		"garbage":      {"none": "bad key", "proxies": "bad key", "unix": "bad key"},
		"":             {"none": "bad key", "proxies": "bad key", "unix": "no key"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://app/", nil)
		require.NoError(t, err)
		if header != "" {
			r.Header.Set("X-Forwarded-For", header)
		}
		res, err := client.Do(r)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, want, got, header)
	}

	// A peer that only looks like a socket is none.
	assert.Equal(t, "bad key", keyOf(t, httplimit.ClientIP{TrustUnix: true}, "@", "X-Forwarded-For: 198.51.100.1"))
}

func TestClientIPFaults(t *testing.T) {
	for _, c := range []struct {
		key  httplimit.ClientIP
		says []string
	}{
		{httplimit.ClientIP{Trusted: prefixes("0.0.0.0/0")}, []string{"Trusted[0] is 0.0.0.0/0, which trusts everybody"}},
		{httplimit.ClientIP{Trusted: prefixes("10.0.0.0/8", "::/0")}, []string{"Trusted[1] is ::/0, which trusts everybody"}},
		{httplimit.ClientIP{Trusted: prefixes("::ffff:0.0.0.0/96")}, []string{"which trusts everybody"}},
		{httplimit.ClientIP{Trusted: []netip.Prefix{{}}}, []string{"Trusted[0] is invalid Prefix, which is no prefix"}},
		{httplimit.ClientIP{Header: "Forwarded"}, []string{`Header is "Forwarded", but nobody is trusted to set it`}},
		{httplimit.ClientIP{Trusted: proxies, Header: "a b"}, []string{`Header is "a b", which is no name of a field`}},
		{httplimit.ClientIP{IPv6Prefix: 129}, []string{"IPv6Prefix is 129"}},
		{httplimit.ClientIP{IPv6Prefix: -1, Header: "X"}, []string{"IPv6Prefix is -1", "nobody is trusted"}},
	} {
		_, err := httplimit.Compile(c.key)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig)
		assert.Len(t, strings.Split(err.Error(), "\n"), len(c.says), err)
		for _, say := range c.says {
			assert.ErrorContains(t, err, say)
		}
	}
	trusted := httplimit.ClientIP{Trusted: prefixes("::ffff:10.0.0.0/104", "10.1.2.3/8")}
	assert.Equal(t, "198.51.100.1", keyOf(t, trusted, "10.200.0.1:1", "X-Forwarded-For: 198.51.100.1"), "prefixes are brought into form")
}

func TestTheKeyOfAnAddressThatIsKnown(t *testing.T) {
	for _, c := range []struct {
		key  httplimit.ClientIP
		addr netip.Addr
		want string
	}{
		{httplimit.ClientIP{}, netip.Addr{}, ""},
		{httplimit.ClientIP{}, netip.MustParseAddr("::ffff:192.0.2.1"), "192.0.2.1"},
		{httplimit.ClientIP{}, netip.MustParseAddr("2001:db8:1:2:3::4%eth0"), "2001:db8:1:2::/64"},
		{httplimit.ClientIP{IPv6Prefix: 128}, netip.MustParseAddr("fe80::4%eth0"), "fe80::4"},
		{httplimit.ClientIP{IPv6Prefix: 129}, netip.MustParseAddr("2001:db8:1:2:3::4"), "2001:db8:1:2::/64"},
	} {
		assert.Equal(t, c.want, c.key.Of(c.addr))
	}
}

func TestTheKeyOfAnIPv4PeerAllocatesNothing(t *testing.T) {
	key, err := httplimit.Compile(httplimit.ClientIP{})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := key(r); err != nil {
			t.Fatal(err)
		}
	}))
}
