package redisurl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
)

// Who may see none of these in an error has nothing to hide in a log. The URLs
// of the tests use no other users and passwords.
var secrets = []string{"alice", "hunter2", "s3same", "swordfish", "sw0rd", "f1sh"}

func requireNoSecret(t *testing.T, url, text string) {
	t.Helper()
	for _, secret := range secrets {
		require.NotContains(t, strings.ToLower(text), secret, url)
	}
}

const (
	anyScheme = "write redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, redis+cluster://, " +
		"rediss+cluster://, redis-socket://, redis+socket://, redis-sentinel:// or rediss-sentinel://"
	noScheme       = "there is no scheme; " + anyScheme
	unknownScheme  = "the scheme is unknown; " + anyScheme
	atBehind       = "an @ stands behind the hosts: percent-encode it as %40, and in a user or a password / as %2F, ? as %3F, # as %23"
	loginTwice     = "a comma stands before the last @: a login stands once, before the first host, and in a user or a password a comma is written %2C, an @ %40"
	badEscape      = ": a % is not followed by two hexadecimal digits; a % itself is written %25"
	badPort        = " has no port from 1 to 65535 behind its colon"
	badCharacter   = " has a character that is not in host names: they have ASCII letters, digits, and - . _"
	colons         = " has several colons; an IPv6 address stands in brackets, as in [::1]:6379"
	noIPv6         = " has no IPv6 address in its brackets"
	oneHost        = "redis:// takes one host; a list is for redis+cluster:// and redis+sentinel://"
	noDatabase     = " has no database from 0 to 2147483647"
	orMaster       = "; the master is named by #master, or in the path of redis+sentinel://"
	masterDatabase = "the path is /master/database, with a database from 0 to 2147483647"
	noFragment     = "a # names the master of a Sentinel, which redis:// has not; in a user or a password it is written %23"
	secondHash     = "there is more than one #: in a user, a password or a name it is written %23"
	badTimeout     = "parameter timeout is no whole number with one of the units ns, us, ms, s, m, h, d, as in 10s or 500ms; without a unit it is in ms"
	longTimeout    = "parameter timeout is longer than 2562047h"
	zeroTimeout    = "parameter timeout is 0; leave it out for the default"
	badClientName  = "parameter clientName has a blank or a character that is not printable ASCII"
	knows          = "redis:// knows clientName, database, db, timeout"
	clusterKnows   = "redis+cluster:// knows clientName, database, db, timeout"
	sentinelKnows  = "redis+sentinel:// knows clientName, database, db, sentinelMasterId, sentinelPassword, sentinelUsername, timeout"
	inValue        = "; in a value & is written %26"
)

func TestParseURLRefuses(t *testing.T) {
	for _, group := range []struct {
		name string
		urls map[string]string
	}{
		{"schemes", map[string]string{
			"":                            noScheme,
			"localhost":                   noScheme,
			"localhost:6379":              noScheme,
			"redis:localhost":             noScheme,
			"redis:/localhost":            noScheme,
			"//localhost":                 noScheme,
			"alice:hunter2@h:6379":        noScheme,
			"://h":                        unknownScheme,
			"http://h":                    unknownScheme,
			"redis+ssl://h":               unknownScheme,
			"redis+tls://h":               unknownScheme,
			"redis-cluster://h":           unknownScheme,
			"redissentinel://h":           unknownScheme,
			"alice://hunter2@h":           unknownScheme,
			"alice:hunter2://@h":          unknownScheme,
			`"redis://alice:hunter2@h"`:   unknownScheme,
			"redis ://h":                  "byte 5 is a blank or a control character: percent-encode it, a blank as %20",
			" redis://alice:hunter2@h":    "byte 0 is a blank or a control character: percent-encode it, a blank as %20",
			"redis://alice:hunter2@h\n":   "byte 23 is a blank or a control character: percent-encode it, a blank as %20",
			"redis://alice:hun ter2@h":    "byte 17 is a blank or a control character: percent-encode it, a blank as %20",
			"redis://h\x7f":               "byte 9 is a blank or a control character: percent-encode it, a blank as %20",
			"redis+cluster://h1, h2":      "byte 19 is a blank or a control character: percent-encode it, a blank as %20",
			"redis://h?clientName=a\tb":   "byte 22 is a blank or a control character: percent-encode it, a blank as %20",
			"redis://alice:hunter2\x00@h": "byte 21 is a blank or a control character: percent-encode it, a blank as %20",
		}},
		{"logins", map[string]string{
			"redis://alice:hunter2%@h":                                "the password" + badEscape,
			"redis://alice:hunter2%4@h":                               "the password" + badEscape,
			"redis://alice:hunter2%zz@h":                              "the password" + badEscape,
			"redis://alice%:hunter2@h":                                "the user" + badEscape,
			"redis://alice%u@h":                                       "the user" + badEscape,
			"redis-sentinel://hunter2%u@h#m":                          "the password" + badEscape,
			"redis://alice:sw0rd/f1sh@h":                              atBehind,
			"redis://alice:sw0rd?f1sh@h":                              atBehind,
			"redis://alice:sw0rd#f1sh@h":                              atBehind,
			"redis://alice:6379/f1sh@h":                               atBehind,
			"redis://alice:6379?f1sh=1@h":                             atBehind,
			"redis://alice:sw0rd@f1sh/hunter2@h":                      atBehind,
			"redis+sentinel://alice:6379/f1sh@h/m":                    atBehind,
			"redis+sentinel://h/m?sentinelPassword=sw0rd@f1sh":        atBehind,
			"redis-sentinel://alice:6379#f1sh@h#m":                    atBehind,
			"unix://alice:sw0rd/f1sh@/s":                              atBehind,
			"unix:///a@b.sock":                                        atBehind,
			"redis://alice:hunter2":                                   "host 1" + badPort,
			"redis://hunter2:":                                        "host 1" + badPort,
			"redis://alice:sw0rd:f1sh":                                "host 1" + colons,
			"redis+cluster://alice:hunter2@h1,alice:hunter2@h2":       loginTwice,
			"redis+cluster://h1,alice:hunter2@h2":                     loginTwice,
			"redis+cluster://h1:6379,alice:hunter2@h2":                loginTwice,
			"redis-sentinel://sw0rd,f1sh@h#m":                         loginTwice,
			"redis://alice:sw0rd@h1,alice:f1sh@h2":                    loginTwice,
			"redis+cluster://alice:sw0rd@h1,f1sh@h2":                  loginTwice,
			"redis://alice:hunter2@h1,redis://alice:hunter2@h2":       atBehind,
			"redis+sentinel://h/m?sentinelPassword=%hunter2":          "parameter sentinelPassword" + badEscape,
			"redis+sentinel://h/m?sentinelUsername=%alice":            "parameter sentinelUsername" + badEscape,
			"redis+sentinel://h/m?sentinelPassword=sw0rd&f1sh":        "parameter 2 is unknown; " + sentinelKnows + inValue,
			"redis+sentinel://h/m?sentinelPassword=sw0rd&f1sh=1":      "parameter 2 is unknown; " + sentinelKnows + inValue,
			"redis+sentinel://h/m?sentinelUsername=sw0rd&f1sh=1":      "parameter 2 is unknown; " + sentinelKnows + inValue,
			"redis+sentinel://h/m?sentinelPassword%3Dhunter2":         "parameter 1 is unknown; " + sentinelKnows + inValue,
			"redis+sentinel://h/m?sentinelPassword:hunter2":           "parameter 1 is unknown; " + sentinelKnows + inValue,
			"redis+sentinel://h/m?sentinelPassword=sw0rd#f1sh":        "the path and the fragment name different masters",
			"redis-sentinel://h?sentinelPassword=sw0rd#f1sh#m":        secondHash,
			"redis-sentinel://alice:6379#f1sh#m":                      secondHash,
			"redis://h?username=alice&password=hunter2":               `parameter "username" is unknown; ` + knows,
			"redis://h?password=hunter2":                              `parameter "password" is unknown; ` + knows,
			"redis://h?sentinelPassword=hunter2":                      `parameter "sentinelPassword" is unknown; ` + knows,
			"redis+sentinel://h?sentinelPassword=1&sentinelPassword=": "parameter sentinelPassword stands twice",
		}},
		{"hosts", map[string]string{
			"redis://h:":                    "host 1" + badPort,
			"redis://h:0":                   "host 1" + badPort,
			"redis://h:65536":               "host 1" + badPort,
			"redis://h:-1":                  "host 1" + badPort,
			"redis://h:+1":                  "host 1" + badPort,
			"redis://h:1e3":                 "host 1" + badPort,
			"redis://h:6_379":               "host 1" + badPort,
			"redis://h:redis":               "host 1" + badPort,
			"redis://h1,h2":                 oneHost,
			"redis://h1,":                   oneHost,
			"rediss://h1,h2":                "rediss:// takes one host; a list is for rediss+cluster:// and rediss+sentinel://",
			"redis+cluster://":              "host 1 is empty",
			"redis+cluster://:7000":         "host 1 is empty",
			"redis+cluster://h1,":           "host 2 is empty",
			"redis+cluster://h1,,h3":        "host 2 is empty",
			"redis+sentinel:///mymaster":    "host 1 is empty",
			"redis-sentinel://,h2#m":        "host 1 is empty",
			"redis+cluster://h1,h2:x,h3":    "host 2" + badPort,
			"redis://h%31":                  "host 1" + badCharacter,
			"redis://hö":                    "host 1" + badCharacter,
			"redis://h\xff":                 "host 1" + badCharacter,
			"redis://h;h2":                  "host 1" + badCharacter,
			`redis://h\0`:                   "host 1" + badCharacter,
			"redis://redis:redis:6379":      "host 1" + colons,
			"redis://::1":                   "host 1" + colons,
			"redis://::1:6379":              "host 1" + colons,
			"redis://2001:db8::1":           "host 1" + colons,
			"redis+sentinel://h,fe80::1/m":  "host 2" + colons,
			"redis://[::1":                  "host 1 has a [ without its ]",
			"redis://[::1]6379":             "host 1 has something other than a port behind its ]",
			"redis://[::1]:":                "host 1" + badPort,
			"redis://[::1]:x":               "host 1" + badPort,
			"redis://[]":                    "host 1" + noIPv6,
			"redis://[h]":                   "host 1" + noIPv6,
			"redis://[127.0.0.1]":           "host 1" + noIPv6,
			"redis://[::1::]":               "host 1" + noIPv6,
			"redis://[fe80::1%25]":          "host 1" + noIPv6,
			"redis://[fe80::1%25e%2Fth]":    "host 1" + noIPv6,
			"redis://[fe80::1%eth0]":        "host 1 has a % in its brackets that is not written %25",
			"redis://]":                     "host 1" + badCharacter,
			"unix://s":                      "unix:// has no host: three slashes, or a login with its @, stand before the path of the socket, as in unix:///run/redis.sock",
			"unix://run/redis.sock":         "unix:// has no host: three slashes, or a login with its @, stand before the path of the socket, as in unix:///run/redis.sock",
			"redis-socket://var/tmp/socket": "redis-socket:// has no host: three slashes, or a login with its @, stand before the path of the socket, as in redis-socket:///run/redis.sock",
			"unix://":                       "there is no path; write unix:///run/redis.sock",
			"unix:///":                      "there is no path; write unix:///run/redis.sock",
			"unix://?db=1":                  "there is no path; write unix:///run/redis.sock",
			"redis+socket:////":             "there is no path; write redis+socket:///run/redis.sock",
			"unix:///s%00":                  "the path has a zero byte",
			"unix:///s%":                    "the path" + badEscape,
		}},
		{"databases", map[string]string{
			"redis://h/x":                      "the path" + noDatabase,
			"redis://h/-1":                     "the path" + noDatabase,
			"redis://h/+1":                     "the path" + noDatabase,
			"redis://h/1.0":                    "the path" + noDatabase,
			"redis://h/1/":                     "the path" + noDatabase,
			"redis://h//1":                     "the path" + noDatabase,
			"redis://h/1/2":                    "the path" + noDatabase,
			"redis://h/2147483648":             "the path" + noDatabase,
			"redis://h/99999999999999999999":   "the path" + noDatabase,
			"redis://h/%":                      "the path" + badEscape,
			"redis://h/%2531":                  "the path" + noDatabase,
			"redis://h?db=x":                   "parameter db" + noDatabase,
			"redis://h?database=1x":            "parameter database" + noDatabase,
			"redis://h?database=%2531":         "parameter database" + noDatabase,
			"redis://h?db=":                    "parameter db has no value",
			"redis://h?db":                     "parameter db has no value",
			"redis://h/1?db=2":                 "the path and parameter db name different databases",
			"redis://h/0?database=2":           "the path and parameter database name different databases",
			"redis://h?db=1&database=2":        "parameter db and parameter database name different databases",
			"redis://h?db=1&db=1":              "parameter db stands twice",
			"redis://h?db=1&DB=1":              "parameter db stands twice",
			"redis+cluster://h/1":              "the path names a database other than 0, and a cluster has no other",
			"redis+cluster://h?db=1":           "parameter db names a database other than 0, and a cluster has no other",
			"redis+cluster://h/0?database=3":   "the path and parameter database name different databases",
			"redis+cluster://h/m":              "the path" + noDatabase,
			"redis+sentinel://h/m/x":           masterDatabase,
			"redis+sentinel://h/m/1/2":         masterDatabase,
			"redis+sentinel://h//m":            masterDatabase,
			"redis+sentinel://h/m/1?db=2":      "the path and parameter db name different databases",
			"redis+sentinel://h/m?db=x":        "parameter db" + noDatabase + orMaster,
			"redis-sentinel://h/mymaster":      "the path" + noDatabase + orMaster,
			"redis-sentinel://h/mymaster/0":    "the path" + noDatabase + orMaster,
			"redis-sentinel://h/1?database=2#": "the path and parameter database name different databases",
		}},
		{"masters", map[string]string{
			"redis+sentinel://h":                          "no master is named; write redis+sentinel://host/master",
			"redis+sentinel://h/":                         "no master is named; write redis+sentinel://host/master",
			"redis+sentinel://h//3":                       "no master is named; write redis+sentinel://host/master",
			"rediss+sentinel://h?db=3":                    "no master is named; write rediss+sentinel://host/master",
			"redis-sentinel://h":                          "no master is named; write redis-sentinel://host#master",
			"rediss-sentinel://h/0#":                      "no master is named; write rediss-sentinel://host#master",
			"redis+sentinel://h/m?sentinelMasterId=":      "parameter sentinelMasterId has no value",
			"redis+sentinel://h/m?sentinelMasterId=M":     "the path and parameter sentinelMasterId name different masters",
			"redis+sentinel://h/m#M":                      "the path and the fragment name different masters",
			"redis-sentinel://h?sentinelMasterId=m#M":     "the fragment and parameter sentinelMasterId name different masters",
			"redis-sentinel://h#m%":                       "the fragment" + badEscape,
			"redis+sentinel://h/m%":                       "the path" + badEscape,
			"redis+sentinel://h?sentinelMasterId=%":       "parameter sentinelMasterId" + badEscape,
			"redis://h#m":                                 noFragment,
			"redis+cluster://h#m":                         strings.Replace(noFragment, "redis", "redis+cluster", 1),
			"unix:///s#m":                                 strings.Replace(noFragment, "redis", "unix", 1),
			"redis://h?sentinelMasterId=m":                `parameter "sentinelMasterId" is unknown; ` + knows,
			"redis+cluster://h?sentinelMasterId=m":        `parameter "sentinelMasterId" is unknown; ` + clusterKnows,
			"redis+sentinel://h/m?sentinelMasterId=m&a=b": `parameter "a" is unknown; ` + sentinelKnows,
		}},
		{"parameters", map[string]string{
			"redis://h?foo=bar":                       `parameter "foo" is unknown; ` + knows,
			"redis://h?foo":                           `parameter "foo" is unknown; ` + knows,
			"redis://h?db=1&dial_timeout=5s":          `parameter "dial_timeout" is unknown; ` + knows,
			"redis://h?verifyPeer=NONE":               `parameter "verifyPeer" is unknown; ` + knows,
			"redis://h?libraryName=x":                 `parameter "libraryName" is unknown; ` + knows,
			"redis://h?=1":                            "parameter 1 is unknown; " + knows + inValue,
			"redis://h?a%62=1":                        "parameter 1 is unknown; " + knows + inValue,
			"redis://h?d%62=1":                        "parameter 1 is unknown; " + knows + inValue,
			"redis://h?db=1&" + long + "=1":           "parameter 2 is unknown; " + knows + inValue,
			"redis://h?timeout":                       "parameter timeout has no value",
			"redis://h?timeout=":                      "parameter timeout has no value",
			"redis://h?timeout=junk":                  badTimeout,
			"redis://h?timeout=s":                     badTimeout,
			"redis://h?timeout=-1":                    badTimeout,
			"redis://h?timeout=+1s":                   badTimeout,
			"redis://h?timeout=1.5s":                  badTimeout,
			"redis://h?timeout=1m30s":                 badTimeout,
			"redis://h?timeout=5s;db=1":               badTimeout,
			"redis://h?timeout=5sec":                  badTimeout,
			"redis://h?timeout=5w":                    badTimeout,
			"redis://h?timeout=5%20s":                 badTimeout,
			"redis://h?timeout=0":                     zeroTimeout,
			"redis://h?timeout=000s":                  zeroTimeout,
			"redis://h?timeout=2562048h":              longTimeout,
			"redis://h?timeout=106752d":               longTimeout,
			"redis://h?timeout=9223372036854775":      longTimeout,
			"redis://h?timeout=9223372036854775808ns": longTimeout,
			"redis://h?timeout=1s&timeout=1s":         "parameter timeout stands twice",
			"redis://h?timeout=1s&TimeOut=2s":         "parameter timeout stands twice",
			"redis://h?timeout=%5":                    "parameter timeout" + badEscape,
			"redis://h?clientName=":                   "parameter clientName has no value",
			"redis://h?clientName=a%20b":              badClientName,
			"redis://h?clientName=%C3%BC":             badClientName,
			"redis://h?clientName=a%00":               badClientName,
			"redis://h?clientName=a&clientName=b":     "parameter clientName stands twice",
			"redis://h?clientName=me@host":            atBehind,
		}},
	} {
		t.Run(group.name, func(t *testing.T) {
			for url, message := range group.urls {
				requireRefused(t, url, message)
				// The same with a login, if it has none, must say the same.
				before, after, ok := strings.Cut(url, "://")
				if ok && !strings.ContainsAny(url, "@\n\t ") && !strings.Contains(message, "byte ") && !strings.Contains(url, "alice") {
					requireRefused(t, before+"://Alice:hunter2@"+after, message)
				}
			}
		})
	}
}

var long = strings.Repeat("x", 41)

func requireRefused(t *testing.T, url, message string) {
	t.Helper()
	got, err := Parse(url)
	require.Error(t, err, url)
	require.ErrorIs(t, err, throttled.ErrInvalidConfig, url)
	requireNoSecret(t, url, err.Error())
	require.Zero(t, got, url)
	assert.Equal(t, "throttled: invalid config: Redis URL: "+message, err.Error(), url)
}
