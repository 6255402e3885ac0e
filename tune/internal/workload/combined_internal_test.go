package workload

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseAccess(t *testing.T) {
	const at = "10/Oct/2000:05:00:00 -0700"
	for name, c := range map[string]struct {
		line string
		want access
	}{
		"common": {
			`127.0.0.1 - frank [10/Oct/2000:05:00:00 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`,
			access{"", "127.0.0.1", "-", "frank", at, "GET /apache_pb.gif HTTP/1.0", "200", "2326"},
		},
		"combined": {
			`192.0.2.1 - - [10/Oct/2000:05:00:00 -0700] "GET / HTTP/1.1" 304 - "https://example.com/" "Mozilla/5.0 (X11)"`,
			access{"", "192.0.2.1", "-", "-", at, "GET / HTTP/1.1", "304", "-", "https://example.com/", "Mozilla/5.0 (X11)"},
		},
		"with the site before all": {
			`example.com:443 192.0.2.1 - - [10/Oct/2000:05:00:00 -0700] "GET / HTTP/1.1" 304 5 "-" "x"`,
			access{"example.com:443", "192.0.2.1", "-", "-", at, "GET / HTTP/1.1", "304", "5", "-", "x"},
		},
		"with the site, a name for an address, and a user with a blank": {
			`example.com:443 host.example - anna maria [10/Oct/2000:05:00:00 -0700] "GET / HTTP/1.1" 304 5 "-" "x"`,
			access{"example.com:443", "host.example", "-", "anna maria", at, "GET / HTTP/1.1", "304", "5", "-", "x"},
		},
		"IPv6": {
			`2001:db8::1 - - [10/Oct/2000:05:00:00 -0700] "GET / HTTP/2.0" 200 5 "-" "-"`,
			access{"", "2001:db8::1", "-", "-", at, "GET / HTTP/2.0", "200", "5", "-", "-"},
		},
		"escaped quotes and a backslash before the last quote": {
			`host - - [10/Oct/2000:05:00:00 -0700] "GET /\"a\" HTTP/1.1" 200 5 "\\" "Fox \"1\""`,
			access{"", "host", "-", "-", at, `GET /\"a\" HTTP/1.1`, "200", "5", `\\`, `Fox \"1\"`},
		},
		"a user with a blank, no request": {
			`host - anna maria [10/Oct/2000:05:00:00 -0700] "-" 408 0 "-" "-"`,
			access{"", "host", "-", "anna maria", at, "-", "408", "0", "-", "-"},
		},
		"forwarded behind the agent, and more": {
			`host - - [10/Oct/2000:05:00:00 -0700] "GET / HTTP/1.1" 200 5 "-" "curl/8" "203.0.113.9" 0.004`,
			access{"", "host", "-", "-", at, "GET / HTTP/1.1", "200", "5", "-", "curl/8", "203.0.113.9"},
		},
		"more fields after the common ones": {
			`host - - [10/Oct/2000:05:00:00 -0700] "GET / HTTP/1.1" 200 5 0.004`,
			access{"", "host", "-", "-", at, "GET / HTTP/1.1", "200", "5"},
		},
		"brackets in the request": {
			`host - - [10/Oct/2000:05:00:00 -0700] "GET /[a] [b] HTTP/1.1" 400 5`,
			access{"", "host", "-", "-", at, "GET /[a] [b] HTTP/1.1", "400", "5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got access
			require.NoError(t, got.parse(c.line, hasSite(c.line)))
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
		require.ErrorContains(t, new(access).parse(line, false), want, line)
	}
}

// FuzzAccessRoundTrip: a line written as servers write it parses to what was
// written.
func FuzzAccessRoundTrip(f *testing.F) {
	f.Add("192.0.2.1", "-", "GET / HTTP/1.1", `Fox "1" \`, uint32(971179200), int16(-420))
	f.Add("2001:db8::1", "anna maria", `[x] [y] "`, "", uint32(0), int16(330))
	f.Fuzz(func(t *testing.T, host, user, request, agent string, at uint32, zone int16) {
		if host == "" || host[0] == '[' || user == "" || strings.Contains(host, " ") || strings.Contains(user, "[") {
			return // no server writes these
		}
		when := time.Unix(int64(at), 0).In(time.FixedZone("", int(zone%(24*60))*60))
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace
		clock := when.Format(timeForms[0])
		line := host + " - " + user + " [" + clock + `] "` + escape(request) + `" 200 7 "-" "` + escape(agent) + `"`
		for _, site := range []string{"", "example.com:80 "} {
			var got access
			require.NoError(t, got.parse(site+line, site != ""), line)
			require.Equal(t, access{
				strings.TrimSpace(site), host, "-", user, clock, escape(request), "200", "7", "-", escape(agent),
			}, got)
		}
		instant, err := parseTime(clock)
		require.NoError(t, err)
		require.Equal(t, when.UnixNano(), instant)
	})
}
