package redisurl

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// at is what most URLs of the table come to: one server, without a login.
func at(addresses ...string) Target {
	return Target{network: "tcp", addresses: addresses, logins: &logins{&login{}, &login{}}}
}

func socketAt(path string) Target {
	t := at(path)
	t.network = "unix"
	return t
}

func watchedBy(master string, addresses ...string) Target {
	t := at(addresses...)
	t.Topology, t.master = Sentinel, master
	return t
}

func clusterOf(addresses ...string) Target {
	t := at(addresses...)
	t.Topology = Cluster
	return t
}

func (t Target) withTLS() Target                     { t.tls = true; return t }
func (t Target) withDatabase(n int) Target           { t.database = n; return t }
func (t Target) withTimeout(d time.Duration) Target  { t.Timeout = d; return t }
func (t Target) withClientName(name string) Target   { t.clientName = name; return t }
func (t Target) withLogins(data, watch login) Target { t.logins = &logins{&data, &watch}; return t }
func (t Target) withLogin(user, pass string) Target  { return t.withLogins(login{user, pass}, login{}) }

func (t Target) withLoginTo(user, pass string) Target {
	return t.withLogins(login{user, pass}, login{user, pass})
}

func TestParseURL(t *testing.T) {
	h := at("h:6379")
	for _, group := range []struct {
		name string
		urls map[string]Target
	}{
		{"one server", map[string]Target{
			"redis://h":                 h,
			"redis://h/":                h,
			"redis://h:7000":            at("h:7000"),
			"redis://h:1":               at("h:1"),
			"redis://h:65535":           at("h:65535"),
			"redis://h:06379":           h,
			"redis://h/0":               h,
			"redis://h/3":               h.withDatabase(3),
			"redis://h:7000/15":         at("h:7000").withDatabase(15),
			"redis://127.0.0.1":         at("127.0.0.1:6379"),
			"redis://redis_1.my-net":    at("redis_1.my-net:6379"),
			"redis://Redis.Example.COM": at("Redis.Example.COM:6379"),
			"redis://":                  at("localhost:6379"),
			"redis:///2":                at("localhost:6379").withDatabase(2),
			"redis://:7000":             at("localhost:7000"),
			"redis://?db=2":             at("localhost:6379").withDatabase(2),
			"redis://h?":                h,
			"redis://h#":                h,
			"REDIS://h":                 h,
			"rediss://h":                h.withTLS(),
			"Rediss://h:6380/1":         at("h:6380").withTLS().withDatabase(1),
		}},
		{"IPv6", map[string]Target{
			"redis://[::1]":                       at("[::1]:6379"),
			"redis://[::1]:7000":                  at("[::1]:7000"),
			"redis://[::1]/4":                     at("[::1]:6379").withDatabase(4),
			"redis://u:p@[2001:DB8::1]":           at("[2001:DB8::1]:6379").withLogin("u", "p"),
			"redis://[::ffff:127.0.0.1]:7000":     at("[::ffff:127.0.0.1]:7000"),
			"redis://[fe80::1%25eth0]:7000":       at("[fe80::1%eth0]:7000"),
			"redis+cluster://[::1],[::2]:7001":    clusterOf("[::1]:6379", "[::2]:7001"),
			"redis+sentinel://[::1],[::2]:7001/m": watchedBy("m", "[::1]:26379", "[::2]:7001"),
			"redis-sentinel://[::1],h:7001#m":     watchedBy("m", "[::1]:26379", "h:7001"),
		}},
		{"logins", map[string]Target{
			"redis://u:p@h":                 h.withLogin("u", "p"),
			"redis://:p@h":                  h.withLogin("", "p"),
			"redis://u:@h":                  h.withLogin("u", ""),
			"redis://u@h":                   h.withLogin("u", ""),
			"redis://@h":                    h,
			"redis://:@h":                   h,
			"redis://u:p@":                  at("localhost:6379").withLogin("u", "p"),
			"redis://Alice:SeCret@H":        at("H:6379").withLogin("Alice", "SeCret"),
			"redis://u:a%3Ab%40c%2Fd%25e@h": h.withLogin("u", "a:b@c/d%e"),
			"redis://u%3Av%40w:p@h":         h.withLogin("u:v@w", "p"),
			"redis://u:%2540@h":             h.withLogin("u", "%40"),
			"redis://u:%2525@h":             h.withLogin("u", "%25"),
			"redis://u:a:b@h":               h.withLogin("u", "a:b"),
			"redis://u::@h":                 h.withLogin("u", ":"),
			"redis://u:a@b@h":               h.withLogin("u", "a@b"),
			"redis://u:a@@h":                h.withLogin("u", "a@"),
			"redis://u:a;b,c!$&'()*+=~[]@h": h.withLogin("u", "a;b,c!$&'()*+=~[]"),
			"redis://u:%20%0A%00%23%3F@h":   h.withLogin("u", " \n\x00#?"),
			"redis://u:a+b%2Bc==@h":         h.withLogin("u", "a+b+c=="),
			"redis://%C3%BC:p%C3%A4ss@h":    h.withLogin("ü", "päss"),
			"redis://ü:päss@h":              h.withLogin("ü", "päss"),
			"redis://u:%ff@h":               h.withLogin("u", "\xff"),
			"redis://u:redis%3A%2F%2Fx@h":   h.withLogin("u", "redis://x"),
			"unix://u:p@/s":                 socketAt("/s").withLogin("u", "p"),
			"unix://u@/s":                   socketAt("/s").withLogin("u", ""),
			"redis+cluster://u:p@h1,h2":     clusterOf("h1:6379", "h2:6379").withLogin("u", "p"),
			"redis+cluster://u:a%2Cb@h1,h2": clusterOf("h1:6379", "h2:6379").withLogin("u", "a,b"),
			"redis+cluster://u@h":           clusterOf("h:6379").withLogin("u", ""),
			"redis-socket://p@/s":           socketAt("/s").withLogin("", "p"),
			"redis-socket://u:p@/s":         socketAt("/s").withLogin("u", "p"),
			"redis+socket://a%40b@/s":       socketAt("/s").withLogin("", "a@b"),
			"redis-sentinel://p@h#m":        watchedBy("m", "h:26379").withLoginTo("", "p"),
			"redis-sentinel://u:@h#m":       watchedBy("m", "h:26379").withLoginTo("u", ""),
			"redis-sentinel://abc%40%23d@h/0?sentinelMasterId=m": watchedBy("m", "h:26379").withLoginTo("", "abc@#d"),
		}},
		{"sockets", map[string]Target{
			"unix:///run/redis.sock":                       socketAt("/run/redis.sock"),
			"unix:///run/Redis%20One/a%40b%25.sock":        socketAt("/run/Redis One/a@b%.sock"),
			"unix:///s?db=2":                               socketAt("/s").withDatabase(2),
			"redis-socket:///var/tmp/socket":               socketAt("/var/tmp/socket"),
			"redis-socket:///var/tmp/s?database=2":         socketAt("/var/tmp/s").withDatabase(2),
			"redis+socket:///s?db=2&timeout=5s":            socketAt("/s").withDatabase(2).withTimeout(5 * time.Second),
			"redis-socket:///s?clientName=hello&timeout=9": socketAt("/s").withClientName("hello").withTimeout(9 * time.Millisecond),
		}},
		{"sentinels", map[string]Target{
			"redis+sentinel://h1:26379,h2/mymaster":                             watchedBy("mymaster", "h1:26379", "h2:26379"),
			"redis+sentinel://h1,h2,h3:1234/mymaster/2":                         watchedBy("mymaster", "h1:26379", "h2:26379", "h3:1234").withDatabase(2),
			"redis+sentinel://h/mymaster/":                                      watchedBy("mymaster", "h:26379"),
			"redis+sentinel://h/MyMaster":                                       watchedBy("MyMaster", "h:26379"),
			"redis+sentinel://h/my%20master%2F1%40eu":                           watchedBy("my master/1@eu", "h:26379"),
			"redis+sentinel://h/3":                                              watchedBy("3", "h:26379"),
			"redis+sentinel://h/m%2525":                                         watchedBy("m%25", "h:26379"),
			"redis+sentinel://h?sentinelMasterId=m%2525":                        watchedBy("m%25", "h:26379"),
			"redis+sentinel://h#m%2525":                                         watchedBy("m%25", "h:26379"),
			"redis+sentinel://h/m?sentinelMasterId=m#m":                         watchedBy("m", "h:26379"),
			"redis+sentinel://h/m?database=4":                                   watchedBy("m", "h:26379").withDatabase(4),
			"rediss+sentinel://h/m":                                             watchedBy("m", "h:26379").withTLS(),
			"redis+sentinel://u:p@h/m":                                          watchedBy("m", "h:26379").withLoginTo("u", "p"),
			"redis-sentinel://h1:222,h2,h3:1234/5#MasterId":                     watchedBy("MasterId", "h1:222", "h2:26379", "h3:1234").withDatabase(5),
			"redis-sentinel://h/5?sentinelMasterId=MasterId":                    watchedBy("MasterId", "h:26379").withDatabase(5),
			"redis-sentinel://h?sentinelMasterId=m#m":                           watchedBy("m", "h:26379"),
			"redis-sentinel://h?timeout=10s#mymaster":                           watchedBy("mymaster", "h:26379").withTimeout(10 * time.Second),
			"rediss-sentinel://p@h1,h2/5#m":                                     watchedBy("m", "h1:26379", "h2:26379").withTLS().withDatabase(5).withLoginTo("", "p"),
			"redis+sentinel://u:p@h/m?sentinelUsername=S&sentinelPassword=T":    watchedBy("m", "h:26379").withLogins(login{"u", "p"}, login{"S", "T"}),
			"redis+sentinel://u:p@h/m?sentinelPassword=T":                       watchedBy("m", "h:26379").withLogins(login{"u", "p"}, login{"u", "T"}),
			"redis+sentinel://u:p@h/m?sentinelUsername=S":                       watchedBy("m", "h:26379").withLogins(login{"u", "p"}, login{"S", "p"}),
			"redis+sentinel://u:p@h/m?sentinelUsername=&sentinelPassword":       watchedBy("m", "h:26379").withLogins(login{"u", "p"}, login{}),
			"redis+sentinel://h/m?sentinelPassword=a%26b%3D%25%40+c=/?":         watchedBy("m", "h:26379").withLogins(login{}, login{"", "a&b=%@+c=/?"}),
			"redis-sentinel://p@h?sentinelPassword=%2540&sentinelMasterId=a#a":  watchedBy("a", "h:26379").withLogins(login{"", "p"}, login{"", "%40"}),
			"redis-sentinel://p@h?SentinelMasterID=m&SENTINELUSERNAME=S&DB=1#m": watchedBy("m", "h:26379").withDatabase(1).withLogins(login{"", "p"}, login{"S", "p"}),
		}},
		{"clusters", map[string]Target{
			"redis+cluster://h1,h2:7001":         clusterOf("h1:6379", "h2:7001"),
			"redis+cluster://h1,h2,h3/":          clusterOf("h1:6379", "h2:6379", "h3:6379"),
			"redis+cluster://h/0":                clusterOf("h:6379"),
			"redis+cluster://h?db=0&database=0":  clusterOf("h:6379"),
			"rediss+cluster://H1,H2:7001":        clusterOf("H1:6379", "H2:7001").withTLS(),
			"redis+cluster://h?clientName=x%7Ey": clusterOf("h:6379").withClientName("x~y"),
		}},
		{"parameters", map[string]Target{
			"redis://h?db=7":                h.withDatabase(7),
			"redis://h/?database=21":        h.withDatabase(21),
			"redis://h/7?db=7&database=07":  h.withDatabase(7),
			"redis://h/%37":                 h.withDatabase(7),
			"redis://h?db=2147483647":       h.withDatabase(2147483647),
			"redis://h?clientName=Hello-1":  h.withClientName("Hello-1"),
			"redis://h?timeout=10s":         h.withTimeout(10 * time.Second),
			"redis://h?timeout=500ms":       h.withTimeout(500 * time.Millisecond),
			"redis://h?timeout=5000":        h.withTimeout(5 * time.Second),
			"redis://h?timeout=100us":       h.withTimeout(100 * time.Microsecond),
			"redis://h?TIMEOUT=1000000NS":   h.withTimeout(time.Millisecond),
			"redis://h?timeout=60m":         h.withTimeout(time.Hour),
			"redis://h?timeout=24h":         h.withTimeout(24 * time.Hour),
			"redis://h?timeout=1d":          h.withTimeout(24 * time.Hour),
			"redis://h?timeout=%35%73":      h.withTimeout(5 * time.Second),
			"redis://h?timeout=2562047h":    h.withTimeout(2562047 * time.Hour),
			"redis://h?&timeout=5s&&db=1&":  h.withTimeout(5 * time.Second).withDatabase(1),
			"redis://u:p@h/1?clientName=Me": h.withLogin("u", "p").withDatabase(1).withClientName("Me"),
		}},
	} {
		t.Run(group.name, func(t *testing.T) {
			for text, want := range group.urls {
				got, err := Parse(text)
				if assert.NoError(t, err, text) {
					assert.Equal(t, want, got, text)
				}
			}
		})
	}
}
