package workload

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is 12:00:00 UTC on 10 October 2000.
var noon = time.Date(2000, time.October, 10, 12, 0, 0, 0, time.UTC).UnixNano()

func TestParseAccess(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want access
	}{
		"common": {
			`127.0.0.1 - frank [10/Oct/2000:05:00:00 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`,
			access{host: "127.0.0.1", user: "frank", at: noon, request: "GET /apache_pb.gif HTTP/1.0", bytes: 2326},
		},
		"combined": {
			`192.0.2.1 - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 304 - "https://example.com/" "Mozilla/5.0 (X11)"`,
			access{host: "192.0.2.1", user: "-", at: noon, request: "GET / HTTP/1.1", agent: "Mozilla/5.0 (X11)"},
		},
		"IPv6, half an hour east of an hour": {
			`2001:db8::1 - - [10/Oct/2000:17:30:00 +0530] "GET / HTTP/2.0" 200 5 "-" "-"`,
			access{host: "2001:db8::1", user: "-", at: noon, request: "GET / HTTP/2.0", agent: "-", bytes: 5},
		},
		"escaped quotes and a backslash before the last quote": {
			`host - - [10/Oct/2000:12:00:00 +0000] "GET /\"a\" HTTP/1.1" 200 5 "\\" "Fox \"1\""`,
			access{host: "host", user: "-", at: noon, request: `GET /\"a\" HTTP/1.1`, agent: `Fox \"1\"`, bytes: 5},
		},
		"a user with a blank, no request": {
			`host - anna maria [10/Oct/2000:12:00:00 +0000] "-" 408 0 "-" "-"`,
			access{host: "host", user: "anna maria", at: noon, request: "-", agent: "-"},
		},
		"more fields after the combined ones": {
			`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8" "203.0.113.9" 0.004`,
			access{host: "host", user: "-", at: noon, request: "GET / HTTP/1.1", agent: "curl/8", bytes: 5},
		},
		"more fields after the common ones": {
			`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 5 0.004`,
			access{host: "host", user: "-", at: noon, request: "GET / HTTP/1.1", bytes: 5},
		},
		"brackets in the request": {
			`host - - [10/Oct/2000:12:00:00 +0000] "GET /[a] [b] HTTP/1.1" 400 5`,
			access{host: "host", user: "-", at: noon, request: "GET /[a] [b] HTTP/1.1", bytes: 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseAccess(c.line)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestParseAccessSaysWhatIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		`no log at all`: "no time in brackets",
		` - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 5`:         "does not begin with host",
		`host - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 5`:       "host, ident and user do not stand",
		`host - - [10/Oct/2000:12:00`:                                      "nothing follows the time",
		`host - - [2000-10-10 12:00:00] "GET / HTTP/1.1" 200 5`:            `the time "2000-10-10 12:00:00" is not like`,
		`host - - [31/Feb/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 5`:     "is not like",
		`host - - [10/Oct/1969:12:00:00 +0000] "GET / HTTP/1.1" 200 5`:     "the time is not between 1970 and 2116",
		`host - - [10/Oct/2000:12:00:00 +0000] GET / HTTP/1.1 200 5`:       "the request: it does not begin with a quote",
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1 200 5`:      "the request: its quote does not end",
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1\" 200 5`:    "the request: its quote does not end",
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" OK 5`:      `the status "OK"`,
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 20 5`:      `the status "20"`,
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 many`:  `the number of bytes "many"`,
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 -5`:    `the number of bytes "-5"`,
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200`:       `the number of bytes ""`,
		`host - - [10/Oct/2000:12:00:00 +0000] "GET / HTTP/1.1" 200 1e400`: `the number of bytes "1e400"`,
	} {
		_, err := parseAccess(line)
		require.ErrorContains(t, err, want, line)
	}
}

func TestAccessKeys(t *testing.T) {
	e := access{host: "h", user: "u", request: "GET /a/b?q=1?2 HTTP/1.1", agent: "x y"}
	for key, want := range map[AccessKey]string{KeyHost: "h", KeyUser: "u", KeyPath: "/a/b", KeyAgent: "x y"} {
		got, err := e.key(key)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	empty := access{host: "h", user: "-", request: "-"}
	for _, key := range []AccessKey{KeyUser, KeyPath, KeyAgent} {
		_, err := empty.key(key)
		require.EqualError(t, err, "it has no "+string(key))
	}
	_, err := e.key("colour")
	require.ErrorContains(t, err, `no field "colour"`)
}

// FuzzParseAccess: no line breaks the parser, and what it returns keeps what
// the type says.
func FuzzParseAccess(f *testing.F) {
	f.Add(`127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326`)
	f.Add(`2001:db8::1 - - [10/Oct/2000:13:55:36 -0700] "\"" 304 - "\\" "a"`)
	f.Add(`h - - [] "" 100 0`)
	f.Fuzz(func(t *testing.T, line string) {
		e, err := parseAccess(line)
		if err != nil {
			return
		}
		require.NotEmpty(t, e.host)
		require.NotContains(t, e.host, " ")
		require.NotEmpty(t, e.user)
		require.GreaterOrEqual(t, e.bytes, int64(0))
		require.GreaterOrEqual(t, e.at, int64(0))
		require.Zero(t, e.at%int64(time.Second))
		require.Contains(t, line, `"`+e.request+`"`)
	})
}

// FuzzAccessRoundTrip: a line written as servers write it parses to what was
// written.
func FuzzAccessRoundTrip(f *testing.F) {
	f.Add("192.0.2.1", "-", "GET / HTTP/1.1", `Fox "1" \`, uint32(971179200), int16(-420))
	f.Add("2001:db8::1", "anna maria", `[x] [y] "`, "", uint32(0), int16(330))
	f.Fuzz(func(t *testing.T, host, user, request, agent string, at uint32, zone int16) {
		if host == "" || user == "" || strings.Contains(host, " ") || strings.Contains(user, "[") {
			return // no server writes these
		}
		zone %= 24 * 60
		when := time.Unix(int64(at), 0).In(time.FixedZone("", int(zone)*60))
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace
		line := host + " - " + user + " [" + when.Format(accessTime) + `] "` + escape(request) + `" 200 7 "-" "` + escape(agent) + `"`
		got, err := parseAccess(line)
		require.NoError(t, err, line)
		require.Equal(t, access{
			host: host, user: user, at: when.UnixNano(), request: escape(request), agent: escape(agent), bytes: 7,
		}, got)
	})
}
