package redisurl

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/throttled-go/throttled"
)

// FuzzParseURL puts a secret where the text says SECRET. Where that is in a
// login, or may be the end of one that was not encoded, nothing may show it.
func FuzzParseURL(f *testing.F) {
	for _, text := range []string{
		"", "redis", "redis://", "redis://h", "redis://h:7000/3?db=3&timeout=10s&clientName=me", "rediss://:SECRET@[::1]:6380",
		"redis://u:SECRET@h", "redis://SECRET@h", "redis://SECRET:p@h", "redis://u:a/SECRET@h", "redis://u:a?SECRET@h", "redis://u:a#SECRET@h",
		"redis://u:%2540SECRET%@h", "redis://u:SECRET", "u:SECRET@h", "SECRET://u:p@h", "redis://u:SECRET@h:x", "redis://u:SECRET@h?foo=1",
		"unix:///run/redis.sock", "unix://u:SECRET@/run/a%40b.sock?db=1", "redis-socket://SECRET@/s?database=2", "redis+socket://s",
		"redis-sentinel://SECRET@h1:222,h2,h3/5?timeout=500ms#MyMaster", "rediss-sentinel://h?sentinelMasterId=m&sentinelPassword=SECRET",
		"redis+sentinel://u:SECRET@h1,[fe80::1%25eth0]/m/2?sentinelUsername=a&sentinelPassword=b%26", "rediss+sentinel://h/m%2Fn?TIMEOUT=1d",
		"redis+sentinel://h/m?sentinelPassword=a&SECRET", "redis+sentinel://h/m?sentinelPassword=a%&SECRET=1", "redis+sentinel://h/m?sentinelUsername=SECRET&x=1",
		"redis+cluster://u:SECRET@h1,h2:7001/0", "rediss+cluster://h1,,h2", "redis+cluster://u:SECRET@h1,u:SECRET@h2",
	} {
		f.Add(text)
	}
	const secret = "Zq7-4vXw"
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "SECRET", secret)
		url, err := Parse(text)
		if err != nil {
			if !errors.Is(err, throttled.ErrInvalidConfig) || !strings.HasPrefix(err.Error(), "throttled: invalid config: Redis URL: ") {
				t.Fatalf("%q: the error is %v", text, err)
			}
			if !reflect.DeepEqual(url, Target{}) {
				t.Fatalf("%q: a target beside an error", text)
			}
			if mayBeLogin(text, secret) && strings.Contains(err.Error(), secret) {
				t.Fatalf("%q: the error shows the secret: %v", text, err)
			}
			return
		}
		checkTarget(t, text, url)
		if strings.Count(text, secret) == 1 && inLogins(url, secret) {
			for _, shown := range []string{fmt.Sprint(url), fmt.Sprintf("%+v", url), fmt.Sprintf("%#v", url), fmt.Sprintf("%d", struct{ hidden Target }{url})} {
				if strings.Contains(shown, secret) {
					t.Fatalf("%q: printed as %s", text, shown)
				}
			}
		}
	})
}

// mayBeLogin reports whether the secret stands only where a login does, or
// before the last @, where one may have gone wrong.
func mayBeLogin(text, secret string) bool {
	if strings.LastIndex(text, secret) < strings.LastIndexByte(text, '@') {
		return true
	}
	_, behind, found := strings.Cut(text, "sentinelPassword=")
	return found && strings.Count(text, secret) == strings.Count(behind, secret)
}

func inLogins(url Target, secret string) bool {
	for _, l := range []*login{url.logins.data, url.logins.sentinel} {
		if strings.Contains(l.user, secret) || strings.Contains(l.password, secret) {
			return true
		}
	}
	return false
}

// checkTarget checks what holds for every target.
func checkTarget(t *testing.T, text string, url Target) {
	o := url.Option()
	if len(o.InitAddress) == 0 {
		t.Fatalf("%q: no address", text)
	}
	for _, address := range o.InitAddress {
		if url.network == "unix" {
			if !strings.HasPrefix(address, "/") {
				t.Fatalf("%q: the socket is %q", text, address)
			}
		} else if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			t.Fatalf("%q: the address is %q", text, address)
		}
	}
	if (o.Sentinel.MasterSet != "") != (url.Topology == Sentinel) {
		t.Fatalf("%q: %v, with master %q", text, url.Topology, o.Sentinel.MasterSet)
	}
	if o.SelectDB < 0 || url.Topology == Cluster && o.SelectDB != 0 || url.Timeout < 0 {
		t.Fatalf("%q: database %d, timeout %v", text, o.SelectDB, url.Timeout)
	}
	again, err := Parse(url.String())
	if err != nil {
		t.Fatalf("%q: %s does not parse: %v", text, url, err)
	}
	again.logins = url.logins
	if !reflect.DeepEqual(again, url) {
		t.Fatalf("%q: %s is another target", text, url)
	}
}
