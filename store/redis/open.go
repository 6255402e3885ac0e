package redis

import (
	"cmp"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/redisurl"
)

// New returns a store that uses client. Close does not close the client. These
// settings of a client serve a limiter well:
//
//	rueidis.ClientOption{
//		AlwaysPipelining: true, // else a command may put its deadline on a connection that others share
//		DisableCache:     true, // nothing here is ever cached by the client
//		ForceSingleClient: true, // for a single server
//		ConnWriteTimeout: time.Second,
//		Dialer:           net.Dialer{Timeout: time.Second, KeepAlive: time.Second},
//		Sentinel: rueidis.SentinelOption{ // under Sentinel
//			Dialer:                  net.Dialer{Timeout: time.Second, KeepAlive: time.Second},
//			TopologyRefreshInterval: 5 * time.Second, // else one missed message binds it to an old master
//		},
//	}
//
// Faults of options are [throttled.ErrInvalidConfig].
func New(client rueidis.Client, options Options) (*Store, error) {
	if client == nil {
		return nil, fmt.Errorf("%w: redis.New: the client is nil; redis.Open makes one from a URL", throttled.ErrInvalidConfig)
	}
	if options.Client != nil {
		return nil, fmt.Errorf("%w: redis.Options.Client is for redis.Open; the client given to New has its settings", throttled.ErrInvalidConfig)
	}
	if err := options.faults(); err != nil {
		return nil, err
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	return newStore(given(client), client.Mode() == rueidis.ClientModeCluster, &options), nil
}

// Open returns a store in the Redis that a URL names, with a client of its own,
// which Close closes. It returns [throttled.ErrStoreUnavailable] if Redis cannot
// be reached, but under [Allow] and [Fallback] it connects as soon as it can.
// Faults of the URL and of options are [throttled.ErrInvalidConfig].
//
// The scheme of the URL says what the topology is, and whether TLS is spoken to
// the nodes and the sentinels:
//
//	redis://[login@][host[:port]][/database][?parameters]
//	rediss://…                         the same over TLS
//	unix://[login@]/path/to/socket[?parameters]
//	redis+sentinel://[login@]host[:port][,host[:port]…]/master[/database][?parameters]
//	rediss+sentinel://…                the same over TLS
//	redis+cluster://[login@]host[:port][,host[:port]…][?parameters]
//	rediss+cluster://…                 the same over TLS
//
// and the forms of lettuce, where they differ from these:
//
//	redis-socket://[login@]/path/to/socket[?parameters]
//	redis+socket://…                   the same
//	redis-sentinel://[login@]host[:port][,host[:port]…][/database][?parameters][#master]
//	rediss-sentinel://…                the same over TLS
//
// A scheme may be written in any letter case; user, password, hosts and names
// keep theirs.
//
// Hosts. A host is a name, an IPv4 address, or an IPv6 address in brackets,
// with or without a port: [::1], [::1]:6379, [fe80::1%25eth0]. The default port
// is 6379, for a sentinel 26379. Sentinel and Cluster take a list, separated by
// commas. A single server is one host, and localhost if none is named.
//
// Login. It is user:password, :password or user:, and stands once, before the
// first host. A login without a colon is a user, except in the four forms of
// lettuce, where it is a password. The login is used at the nodes and at the
// sentinels. For the sentinels sentinelUsername and sentinelPassword replace its
// two halves, each by itself, and an empty one means none.
//
// Encoding. User, password, path, fragment and the values of parameters are
// percent-decoded, exactly once. These must be encoded: % always, as %25; / ?
// and # in a login, as %2F %3F %23; : in a user, as %3A; a comma in the login
// of a list, as %2C; & in a value, as %26; @ behind the hosts, as %40; / in the
// name of a master, as %2F; blanks and control characters everywhere. A + is
// a +, not a blank.
//
// Parameters. Their names may be written in any letter case, and each stands
// at most once:
//
//	database, db      the database, where the path does not name it
//	timeout           how long a command or a dial may take: a whole number with
//	                  one of the units ns us ms s m h d; without a unit, ms
//	clientName        what CLIENT LIST shows: printable ASCII without blanks
//	sentinelMasterId  the master, where path and fragment do not name it
//	sentinelUsername  the user at the sentinels
//	sentinelPassword  the password at the sentinels
//
// Only the Sentinel forms have the last three. What is said twice, as a database
// in the path and in a parameter, must agree. A cluster has only database 0.
//
// Under TLS each node is verified by the name it was dialled by: no server name
// is set, for it could be that of one node only.
//
// An error about the URL says what is wrong and where, but shows nothing of the
// URL except the name of an unknown parameter: what is malformed may well be a
// password that was not encoded.
func Open(url string, options Options) (*Store, error) {
	to, err := redisurl.Parse(url)
	if err != nil {
		return nil, err
	}
	if err := options.faults(); err != nil {
		return nil, err
	}
	name := to.String()
	if options.Timeout == 0 {
		options.Timeout = cmp.Or(to.Timeout, defaultTimeout)
	}
	to.Timeout = options.Timeout
	c := &connection{dial: func() (rueidis.Client, error) { return rueidis.NewClient(clientOption(to, options.Client)) }}
	if err := c.connect(); err != nil && options.OnFailure == Deny {
		return nil, fmt.Errorf("%w: %s: %w", throttled.ErrStoreUnavailable, name, withoutContext(err))
	}
	return newStore(c, to.Topology == redisurl.Cluster, &options), nil
}

// topologyRefresh is how often the client asks the sentinels for the master.
// Without it, one message that it misses binds it to a master that was demoted.
const topologyRefresh = 5 * time.Second

// clientOption returns the settings of our own client.
func clientOption(to redisurl.Target, change func(*rueidis.ClientOption)) rueidis.ClientOption {
	option := to.Option()
	option.AlwaysPipelining = true // else a command may put its deadline on a connection that others share
	option.DisableCache = true
	if to.Topology == redisurl.Sentinel {
		option.Sentinel.TopologyRefreshInterval = topologyRefresh
	}
	if change != nil {
		change(&option)
	}
	return option
}
