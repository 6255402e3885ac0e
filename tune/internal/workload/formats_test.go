package workload_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/workload"
)

var update = flag.Bool("update", false, "write the samples of the formats anew")

// visit is a line of the shipped log, taken apart by a pattern and not by the
// code under test.
type visit struct {
	host, user, clock, method, target, protocol, status, bytes, agent string
	at                                                                time.Time
}

var visitLine = regexp.MustCompile(`^(\S+) - (\S+) \[(.*?)\] "(\S+) (\S+) (\S+)" (\d+) (\S+) "-" "(.*)"$`)

// visits returns the first lines of the shipped log, without those cut off.
func visits(t *testing.T) (all []visit) {
	text, err := os.ReadFile("../tune/testdata/shop.log")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		m := visitLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[3])
		require.NoError(t, err)
		all = append(all, visit{m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8], strings.ReplaceAll(m[9], `\"`, "'"), at.UTC()})
		if len(all) == 150 {
			break
		}
	}
	return all
}

// sent is the bytes as servers write them that know no "-".
func (v visit) sent() string {
	if v.bytes == "-" {
		return "0"
	}
	return v.bytes
}

func (v visit) path() string { path, _, _ := strings.Cut(v.target, "?"); return path }

func object(pairs ...any) string {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const logFormat = `log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                '$status $body_bytes_sent "$http_referer" '
                '"$http_user_agent" rt=$request_time "$http_x_forwarded_for"';`

// samples are the formats: how each would have logged a visit.
var samples = []struct {
	file, format string
	head         string
	user         bool // whether it has the user
	line         func(v visit) string
}{
	{"combined.log", "", "", true, func(v visit) string {
		return fmt.Sprintf(`%s - %s [%s] "%s %s %s" %s %s "-" "%s"`, v.host, v.user, v.clock, v.method, v.target, v.protocol, v.status, v.bytes, v.agent)
	}},
	{"common.log", "", "", true, func(v visit) string {
		return fmt.Sprintf(`%s - %s [%s] "%s %s %s" %s %s`, v.host, v.user, v.clock, v.method, v.target, v.protocol, v.status, v.bytes)
	}},
	{"vhost_combined.log", "", "", true, func(v visit) string {
		return fmt.Sprintf(`shop.example:443 %s - %s [%s] "%s %s %s" %s %s "-" "%s"`, v.host, v.user, v.clock, v.method, v.target, v.protocol, v.status, v.bytes, v.agent)
	}},
	{"nginx_log_format.log", logFormat, "", true, func(v visit) string {
		return fmt.Sprintf(`%s - %s [%s] "%s %s %s" %s %s "-" "%s" rt=0.004 "-"`, v.host, v.user, v.clock, v.method, v.target, v.protocol, v.status, v.sent(), v.agent)
	}},
	{"nginx.json", "", "", true, func(v visit) string {
		return object("time_iso8601", v.at.Format("2006-01-02T15:04:05+00:00"), "remote_addr", v.host, "remote_user", v.user,
			"request", v.method+" "+v.target+" "+v.protocol, "status", v.status, "body_bytes_sent", v.sent(), "http_user_agent", v.agent)
	}},
	{"caddy.json", "", "", true, func(v visit) string {
		return object("level", "info", "ts", float64(v.at.Unix()), "logger", "http.log.access", "msg", "handled request",
			"request", map[string]any{
				"remote_ip": v.host, "remote_port": "4711", "client_ip": v.host, "proto": v.protocol, "method": v.method, "host": "shop.example",
				"uri": v.target, "headers": map[string]any{"User-Agent": []string{v.agent}},
			}, "bytes_read", 0, "user_id", strings.TrimPrefix(v.user, "-"), "duration", 0.004, "size", json.Number(v.sent()), "status", json.Number(v.status))
	}},
	{"traefik.json", "", "", true, func(v visit) string {
		return object("ClientAddr", v.host+":4711", "ClientHost", v.host, "ClientUsername", v.user, "StartUTC", v.at.Format(time.RFC3339Nano),
			"RequestPath", v.target, "RequestMethod", v.method, "DownstreamContentSize", json.Number(v.sent()), "DownstreamStatus", json.Number(v.status),
			"request_User-Agent", v.agent)
	}},
	{"envoy.json", "", "", false, func(v visit) string {
		return object("start_time", v.at.Format("2006-01-02T15:04:05.000Z"), "downstream_remote_address", port(v.host), "path", v.target,
			"method", v.method, "response_code", json.Number(v.status), "bytes_sent", json.Number(v.sent()), "user_agent", v.agent, "x_forwarded_for", v.host)
	}},
	{"cloudflare.json", "", "", false, func(v visit) string {
		return object("EdgeStartTimestamp", json.Number(fmt.Sprint(v.at.UnixNano())), "ClientIP", v.host, "ClientRequestURI", v.target,
			"ClientRequestMethod", v.method, "EdgeResponseBytes", json.Number(v.sent()), "EdgeResponseStatus", json.Number(v.status), "ClientRequestUserAgent", v.agent)
	}},
	{"alb.log", "", "", false, func(v visit) string {
		return fmt.Sprintf(`https %s app/shop/50dc %s 10.0.0.1:80 0.000 0.001 0.000 %s %s 34 %s "%s https://shop.example:443%s %s" "%s" ECDHE-RSA TLSv1.2 arn:aws:x "Root=1-5" "shop.example" "-" 0 %s "forward" "-" "-" "10.0.0.1:80" "%s" "-" "-" TID_1`,
			v.at.Add(3*time.Millisecond).Format("2006-01-02T15:04:05.000000Z"), port(v.host), v.status, v.status, v.sent(), v.method, v.target, v.protocol, v.agent,
			v.at.Format("2006-01-02T15:04:05.000000Z"), v.status)
	}},
	{"w3c.log", "", "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-username c-ip cs(User-Agent) sc-status sc-bytes time-taken\n", true, func(v visit) string {
		return fmt.Sprintf("%s 10.0.0.1 %s %s %s %s %s %s %s 4", v.at.Format("2006-01-02 15:04:05"), v.method, v.path(), v.user, v.host,
			strings.ReplaceAll(v.agent, " ", "+"), v.status, v.sent())
	}},
}

// port adds a port to an address, as a load balancer writes it.
func port(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]:4711"
	}
	return host + ":4711"
}

// TestEachFormatIsTheSameTraffic: what each server would have logged is, for
// every key and cost, the workload that the combined format has.
func TestEachFormatIsTheSameTraffic(t *testing.T) {
	all := visits(t)
	reads := []workload.Fields{
		{Key: []string{"host"}},
		{Key: []string{"path"}, Cost: "bytes"},
		{Key: []string{"host", "path"}},
		{Key: []string{"host", "user"}},
	}
	read := func(text, format string, f workload.Fields) *workload.Workload {
		w, err := workload.ReadLog(strings.NewReader(text), format, f)
		require.NoError(t, err)
		require.Zero(t, w.Unreadable)
		return w
	}
	var want []*workload.Workload
	for _, sample := range samples {
		t.Run(sample.file, func(t *testing.T) {
			var made strings.Builder
			made.WriteString(sample.head)
			for _, v := range all {
				made.WriteString(sample.line(v) + "\n")
			}
			path := filepath.Join("testdata", "formats", sample.file)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(made.String()), 0o644))
			}
			shipped, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, made.String(), string(shipped))

			if want == nil {
				for _, f := range reads {
					want = append(want, read(string(shipped), "combined", f))
				}
				require.Len(t, want[0].Requests, 150)
			}
			for i, f := range reads {
				if f.Key[len(f.Key)-1] == "user" && !sample.user {
					continue
				}
				got := read(string(shipped), sample.format, f)
				require.Equal(t, want[i].Keys, got.Keys)
				require.Equal(t, want[i].Requests, got.Requests)
				require.Equal(t, want[i].Reordered, got.Reordered)
			}
		})
	}
}

func TestFormatsAreFound(t *testing.T) {
	names := map[string]string{}
	for _, sample := range samples {
		text, err := os.ReadFile(filepath.Join("testdata", "formats", sample.file))
		require.NoError(t, err)
		w, err := workload.ReadLog(strings.NewReader("what a crash left behind\n"+string(text)), sample.format, workload.Fields{Key: []string{"host"}})
		require.NoError(t, err)
		require.Equal(t, 1, w.Unreadable.Count)
		names[sample.file] = w.Format
	}
	require.Equal(t, map[string]string{
		"combined.log": "combined", "common.log": "combined", "vhost_combined.log": "vhost_combined",
		"nginx_log_format.log": "the given log_format", "nginx.json": "JSON as of nginx", "caddy.json": "JSON as of caddy",
		"traefik.json": "JSON as of traefik", "envoy.json": "JSON as of envoy", "cloudflare.json": "JSON as of cloudflare",
		"alb.log": "AWS ALB", "w3c.log": "W3C extended",
	}, names)
}

func TestKeys(t *testing.T) {
	const clock = `[10/Oct/2000:12:00:00 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "fox"`
	lines := map[string]string{
		"IPv4":                    `192.0.2.1 - - ` + clock,
		"IPv4 in IPv6":            `::ffff:192.0.2.1 - - ` + clock,
		"IPv6":                    `2001:db8:1:2:3::4 - - ` + clock,
		"the same, spelt at full": `2001:0DB8:0001:0002:0003:0000:0000:0004 - - ` + clock,
		"a neighbour":             `2001:db8:1:2:ffff::1 - - ` + clock,
		"with a zone":             `fe80::1%eth0 - - ` + clock,
		"a name":                  `dead.example - ann ` + clock,
		"behind a proxy":          `10.0.0.1 - - ` + clock + ` "198.51.100.7, 203.0.113.9"`,
	}
	for _, c := range []struct {
		line, field string
		prefix      int
		want        string
	}{
		{"IPv4", "host", 0, "192.0.2.1"},
		{"IPv4 in IPv6", "host", 0, "192.0.2.1"},
		{"IPv6", "host", 0, "2001:db8:1:2::/64"},
		{"the same, spelt at full", "host", 0, "2001:db8:1:2::/64"},
		{"a neighbour", "host", 0, "2001:db8:1:2::/64"},
		{"the same, spelt at full", "host", 128, "2001:db8:1:2:3::4"},
		{"a neighbour", "host", 48, "2001:db8:1::/48"},
		{"with a zone", "host", 128, "fe80::1"},
		{"a name", "host", 0, "dead.example"},
		{"a name", "host,user", 0, "dead.example + ann"},
		{"IPv4", "host,user", 0, "192.0.2.1 + -"},
		{"a name", "path,agent", 0, "/a + fox"},
		{"behind a proxy", "forwarded", 0, "203.0.113.9"},
		{"behind a proxy", "$http_x_forwarded_for", 0, "198.51.100.7, 203.0.113.9"},
	} {
		w, err := workload.ReadLog(strings.NewReader(lines[c.line]), "", workload.Fields{
			Key: strings.Split(c.field, ","), Addresses: workload.Addresses{IPv6Prefix: c.prefix},
		})
		require.NoError(t, err)
		require.Equal(t, []string{c.want}, w.Keys, "%s by %s", c.line, c.field)
	}
	_, err := workload.ReadLog(strings.NewReader(lines["IPv4"]), "", workload.Fields{Key: []string{"user"}})
	require.ErrorContains(t, err, "it has no user")
	_, err = workload.ReadLog(strings.NewReader(lines["IPv4"]), "", workload.Fields{Key: []string{"colour", "host"}})
	require.ErrorContains(t, err, `a line of combined has no field "colour"; it has host, ident, user, time`)
}

func TestKeysOfSeveralFieldsAreNotMixedUp(t *testing.T) {
	w, err := workload.ReadLog(strings.NewReader(`{"time":1,"a":"x + y","b":"z"}
{"time":1,"a":"x","b":"y + z"}
`), "json", workload.Fields{Key: []string{"a", "b"}})
	require.NoError(t, err)
	require.Equal(t, []string{`"x + y" + z`, `x + "y + z"`}, w.Keys)
}

func TestFormatsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ text, format, want string }{
		{"", "haiku", `there is no format "haiku"; there are auto, combined`},
		{"", "$", "has a $ without a name"},
		{"", "$a$b", "nothing separates $a from the next variable"},
		{"", "log_format main $a;", "has no quoted text"},
		{"", "log_format main '$a", "has no end"},
		{"", "log_format main '$a' $b;", "is not quoted"},
		{"x", "<$status>", `a line of the given log_format has no field "time"; it has $status`},
		{"", "json:apache", `there is no preset "apache" for JSON; there are caddy`},
		{`{"when":1,"who":{"ip":"x"}}`, "", `a line of JSON has no field "time"; it has when, who.ip`},
		{"time,key\n1,a\n", "", "if it is the header of a CSV file, give it with -csv"},
		{"#Fields: date c-ip\n", "", `line 1: a line of W3C extended has no field "time"; it has date, c-ip`},
		{"192.0.2.1 GET /\n", "", `none of the 1 lines is a request; line 1, "192.0.2.1 GET /": there is no time in brackets. It was read as combined; -format names another: auto, `},
		{"\xfd7zXZ\x00", "", "it is compressed by xz; unpack it on the way: xz -dc FILE | throttled-bench tune -log -"},
		{"\x28\xb5\x2f\xfd", "", "zstd -dc FILE"},
		{"BZh9", "", "bzip2 -dc FILE"},
	} {
		_, err := workload.ReadLog(strings.NewReader(c.text), c.format, workload.Fields{Key: []string{"host"}})
		require.ErrorContains(t, err, c.want, "%q", c.text)
	}
}

func TestW3CFieldsMayChange(t *testing.T) {
	w, err := workload.ReadLog(strings.NewReader("#Version: 1.0\n#Fields: date time c-ip\n2000-10-10 12:00:00 192.0.2.1\n"+
		"#Fields: c-ip time date\n192.0.2.2\t12:00:01\t2000-10-10\n"), "", workload.Fields{Key: []string{"host"}})
	require.NoError(t, err)
	require.Equal(t, []string{"192.0.2.1", "192.0.2.2"}, w.Keys)
	require.Equal(t, second, w.Requests[1].At-w.Requests[0].At)
}

func TestCSVSeparators(t *testing.T) {
	for _, text := range []string{
		"time;key;note\n2000-10-10 12:00:00;\"a;b\";c,d\n", "time\tkey\tnote,s\n2000-10-10 12:00:00\ta;b\tc,d\n",
	} {
		w, err := workload.ReadCSV(strings.NewReader(text), columns)
		require.NoError(t, err)
		require.Equal(t, []string{"a;b"}, w.Keys)
	}
}

// FuzzReadLog: no text breaks a reader, and what it returns keeps what the
// types say.
func FuzzReadLog(f *testing.F) {
	formats := []string{"", "json", "json:caddy", "alb", "w3c", "vhost_combined", logFormat}
	for _, sample := range samples {
		text, err := os.ReadFile(filepath.Join("testdata", "formats", sample.file))
		require.NoError(f, err)
		lines := strings.SplitAfterN(string(text), "\n", 6)
		f.Add(strings.Join(lines[:5], ""), uint8(0))
		f.Add(strings.Join(lines[:5], ""), uint8(len(formats)-1))
	}
	f.Add("{}\n{", uint8(1))
	f.Add("#Fields:\nx", uint8(4))
	f.Fuzz(func(t *testing.T, text string, format uint8) {
		w, err := workload.ReadLog(strings.NewReader(text), formats[int(format)%len(formats)], workload.Fields{Key: []string{"host"}, Cost: "bytes"})
		if err != nil {
			return
		}
		require.NotEmpty(t, w.Requests)
		for i, r := range w.Requests {
			require.GreaterOrEqual(t, r.At, int64(0))
			require.GreaterOrEqual(t, r.Cost, int64(0))
			require.NotEmpty(t, w.Keys[r.Key])
			require.True(t, i == 0 || w.Requests[i-1].At <= r.At)
		}
	})
}
