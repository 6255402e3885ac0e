package redisurl

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Topology is how the nodes of a Redis stand to each other.
type Topology uint8

// The three topologies.
const (
	Standalone Topology = iota
	Sentinel
	Cluster
)

// String returns the topology as the schemes of URLs have it.
func (t Topology) String() string {
	switch t {
	case Sentinel:
		return "sentinel"
	case Cluster:
		return "cluster"
	default:
		return "standalone"
	}
}

// Target is the Redis that a URL names. Printed in any way it shows no user and
// no password.
type Target struct {
	Topology Topology
	Timeout  time.Duration // 0 if the URL names none

	tls        bool
	network    string   // "tcp" or "unix"
	addresses  []string // of the nodes, of the sentinels, or of the socket; never empty
	master     string   // with sentinel
	database   int
	clientName string

	// Two pointers deep, because fmt cannot call Format on an unexported field:
	// of a target in another struct it then prints an address. It does so behind
	// one pointer too, but not under a verb that pointers have not, like %t.
	logins *logins
}

// login is how a client names itself to a server. Both are empty if it does
// not, and the server's user is default if only the password is given.
type login struct{ user, password string }

// logins are those at the nodes and at the sentinels.
type logins struct{ data, sentinel *login }

// Option returns the settings of a client for t, new ones at every call. Those
// that a URL says nothing of are left to the caller.
func (t Target) Option() rueidis.ClientOption {
	dialer := net.Dialer{
		// NewClient sets these two where they are 0, but not for the sentinels:
		// a dial to one would then wait for the kernel to give up, and a
		// connection to one would never be pinged.
		Timeout:   cmp.Or(t.Timeout, rueidis.DefaultDialTimeout),
		KeepAlive: rueidis.DefaultTCPKeepAlive,
	}
	o := rueidis.ClientOption{
		InitAddress:       slices.Clone(t.addresses),
		Username:          t.logins.data.user,
		Password:          t.logins.data.password,
		ClientName:        t.clientName,
		SelectDB:          t.database,
		Dialer:            dialer,
		ConnWriteTimeout:  t.Timeout,
		ForceSingleClient: t.Topology == Standalone, // otherwise it asks for a cluster first
	}
	if t.network == "unix" {
		o.DialCtxFn = dialSocket
	}
	if t.tls {
		// Without a ServerName each node is verified by the host it was dialled by.
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if t.Topology == Sentinel {
		o.Sentinel = rueidis.SentinelOption{
			MasterSet:  t.master,
			Username:   t.logins.sentinel.user,
			Password:   t.logins.sentinel.password,
			ClientName: t.clientName,
			Dialer:     dialer,
			TLSConfig:  o.TLSConfig, // the same one, so that a root added to it is known to both
		}
	}
	return o
}

// dialSocket dials a unix socket, whose path rueidis takes for an address. There
// is no TLS on it.
func dialSocket(ctx context.Context, path string, dialer *net.Dialer, _ *tls.Config) (net.Conn, error) {
	return dialer.DialContext(ctx, "unix", path)
}

// String returns a URL of t without its logins. Parsed, it gives t back, except
// for them.
func (t Target) String() string {
	var b strings.Builder
	addresses := strings.Join(t.addresses, ",")
	if t.network == "unix" {
		b.WriteString("unix://" + strings.ReplaceAll(percentEncode(addresses), "%2F", "/"))
	} else {
		b.WriteString("redis")
		if t.tls {
			b.WriteString("s")
		}
		if t.Topology != Standalone {
			b.WriteString("+" + t.Topology.String())
		}
		b.WriteString("://" + strings.ReplaceAll(addresses, "%", "%25")) // the % of an IPv6 zone
		if t.Topology == Sentinel {
			b.WriteString("/" + percentEncode(t.master))
		}
	}
	b.WriteString(t.parameters())
	return b.String()
}

// parameters returns those of the URL of t, with the ? before them.
func (t Target) parameters() string {
	var all []string
	if t.database != 0 {
		all = append(all, paramDatabase+"="+strconv.Itoa(t.database))
	}
	if t.clientName != "" {
		all = append(all, paramClientName+"="+percentEncode(t.clientName))
	}
	if t.Timeout != 0 {
		all = append(all, paramTimeout+"="+timeoutText(t.Timeout))
	}
	if len(all) == 0 {
		return ""
	}
	return "?" + strings.Join(all, "&")
}

// timeoutText returns d as a whole number of the longest unit that it is one of.
func timeoutText(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if d%unit.size == 0 {
			return strconv.FormatInt(int64(d/unit.size), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}

// GoString is [target.String].
func (t Target) GoString() string { return t.String() }

// Format writes [target.String] under every verb: one like %d would print the
// fields.
func (t Target) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// percentEncode encodes all but letters, digits, and the signs - . _ and ~.
func percentEncode(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
