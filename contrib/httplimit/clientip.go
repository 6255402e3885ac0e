package httplimit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP is a [Key]: the address of the client. An IPv4 address counts whole, also
// where it is written as an IPv6 one (::ffff:192.0.2.1); an IPv6 address counts by
// its prefix, because a client has all addresses of one. Zones are dropped.
//
// The zero value takes the peer of the connection for the client and believes no
// header. Behind proxies, list them in Trusted. Then, if and only if the peer is
// one of them, the addresses that Header lists are gone through from the right,
// where the nearest proxy wrote, and the first that is not trusted is the client.
// If all are trusted it is the leftmost. If the request has neither Header nor any
// other field of this kind it is the peer itself, as in a proxy's own check of health.
//
// What is no address, to the right of the client, gives [ErrBadKey]: the request is
// refused, and never counted to a key that others share. So is one whose proxy tells
// of the client in another field than Header. What stands to the left of the client was
// written by the client, and is not looked at.
type ClientIP struct {
	// Trusted are the addresses of your proxies. Not those of clients: whoever
	// is in here may name any address as its own. A prefix that holds every
	// address is a fault.
	Trusted []netip.Prefix

	// TrustUnix trusts the peers of Unix sockets, which have no address.
	// Without it, a request that comes through one has a bad key.
	TrustUnix bool

	// Header is the field in which the proxies tell whom they forward:
	// "X-Forwarded-For", which "" means too, "Forwarded" of RFC 7239, or any
	// other that holds one address, such as "X-Real-IP". The proxies must append
	// to the first two, and set any other anew. It is looked at only where a
	// peer is trusted.
	Header string

	// IPv6Prefix is by how many bits IPv6 addresses count: 1 to 128; 0 means 64,
	// which is what one network has.
	IPv6Prefix int
}

// defaultIPv6Prefix is the length of the prefix of a network (RFC 4291, section 2.5.4).
const defaultIPv6Prefix = 64

// finder is a compiled ClientIP.
type finder struct {
	trusted []netip.Prefix // masked, and of IPv4 where they can be
	unix    bool
	header  string // canonical
	read    func(c *chain, lines []string)
	bits    int
}

func (c ClientIP) compile() (KeyFunc, error) {
	f := &finder{unix: c.TrustUnix, header: http.CanonicalHeaderKey(c.Header), bits: c.IPv6Prefix}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, configFault("ClientIP."+format, args...)) }
	for i, prefix := range c.Trusted {
		prefix, wrong := normalPrefix(prefix)
		if wrong != "" {
			fault("Trusted[%d] is %v, %s", i, c.Trusted[i], wrong)
		}
		f.trusted = append(f.trusted, prefix)
	}
	if f.bits == 0 {
		f.bits = defaultIPv6Prefix
	}
	if f.bits < 1 || f.bits > 128 {
		fault("IPv6Prefix is %d; it must be 1 to 128 bits, or 0 for %d", c.IPv6Prefix, defaultIPv6Prefix)
	}
	switch f.header {
	case "", "X-Forwarded-For":
		f.header, f.read = "X-Forwarded-For", (*chain).readForwardedFor
	case "Forwarded":
		f.read = (*chain).readForwarded
	default:
		f.read = (*chain).readSingle
	}
	if !isToken(f.header) {
		fault("Header is %.80q, which is no name of a field", c.Header)
	}
	proxied := len(c.Trusted) > 0 || c.TrustUnix
	if c.Header != "" && !proxied {
		fault("Header is %q, but nobody is trusted to set it; list your proxies in Trusted", c.Header)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if !proxied {
		return f.peerKey, nil
	}
	return f.clientKey, nil
}

// normalPrefix returns prefix without host bits, as one of IPv4 where it holds IPv4
// addresses only, and what is wrong with it, if anything is.
func normalPrefix(prefix netip.Prefix) (normal netip.Prefix, wrong string) {
	addr, bits := prefix.Addr(), prefix.Bits()
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	normal = netip.PrefixFrom(addr, bits).Masked()
	switch {
	case !prefix.IsValid():
		return normal, "which is no prefix"
	case bits == 0:
		return normal, "which trusts everybody to be any client; list your proxies"
	}
	return normal, ""
}

// Of returns the key of an address that something else has found, such as a middleware of
// your router: with IPv6Prefix seen to, and "" for the zero Addr, so that a [KeyFunc]
// may return it as it is. An IPv6Prefix out of range counts as 64.
func (c ClientIP) Of(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	f := finder{bits: c.IPv6Prefix}
	if f.bits < 1 || f.bits > 128 {
		f.bits = defaultIPv6Prefix
	}
	return f.text(normalAddr(addr))
}

// peerKey is the key where nobody is trusted.
func (f *finder) peerKey(r *http.Request) (string, error) {
	peer, err := peerOf(r)
	if err != nil {
		return "", err
	}
	// The text of an IPv4 address is the same however it came about: no need to
	// write it again.
	if peer.Is4() {
		if host := hostOf(r.RemoteAddr); strings.IndexByte(host, ':') < 0 {
			return host, nil
		}
	}
	return f.text(peer), nil
}

// hostOf returns what stands before the port of an address that was parsed.
func hostOf(address string) string {
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		return address[:i]
	}
	return address
}

// clientKey is the key behind proxies.
func (f *finder) clientKey(r *http.Request) (string, error) {
	peer, err := peerOf(r)
	switch {
	case err != nil && (!f.unix || !overUnix(r.Context())):
		return "", err
	case err == nil && !f.trusts(peer):
		return f.text(peer), nil
	}
	c := chain{finder: f}
	if lines := r.Header[f.header]; len(lines) > 0 {
		f.read(&c, lines)
	} else if other := otherField(r.Header); other != "" {
		return "", fmt.Errorf("%w: a trusted proxy tells of the client in %s, and ClientIP.Header is %s", ErrBadKey, other, f.header)
	} else {
		c.client = peer
	}
	switch {
	case c.garbage:
		return "", fmt.Errorf("%w: %s of a trusted proxy has what is no address before it comes to the client", ErrBadKey, f.header)
	case !c.client.IsValid():
		return "", fmt.Errorf("%w: a request over a Unix socket has no %s", ErrNoKey, f.header)
	}
	return f.text(c.client), nil
}

// otherField returns a field in which proxies tell whom they forward, if h has one. To be
// called where the one that is expected is not there: were the proxy taken for the
// client then, all of its clients would share one quota.
func otherField(h http.Header) string {
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip"} {
		if len(h[name]) > 0 {
			return name
		}
	}
	return ""
}

// text returns the key of an address.
func (f *finder) text(addr netip.Addr) string {
	if addr.Is4() || f.bits == 128 {
		return addr.String()
	}
	var room [len("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128")]byte
	return string(netip.PrefixFrom(addr, f.bits).Masked().AppendTo(room[:0]))
}

func (f *finder) trusts(addr netip.Addr) bool {
	for _, prefix := range f.trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// peerOf returns the address at the other end of the connection. Some middlewares write
// one without a port there.
func peerOf(r *http.Request) (netip.Addr, error) {
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return normalAddr(peer.Addr()), nil
	}
	peer, err := netip.ParseAddr(r.RemoteAddr)
	if err != nil {
		return peer, fmt.Errorf("%w: the peer %.80q has no address", ErrBadKey, r.RemoteAddr)
	}
	return normalAddr(peer), nil
}

// normalAddr returns addr as IPv4 where it is one, and without a zone.
func normalAddr(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// overUnix reports whether a request came through a Unix socket.
func overUnix(ctx context.Context) bool {
	local, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return ok && local.Network() == "unix"
}
