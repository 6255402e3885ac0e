package workload

import (
	"net/netip"
	"strings"
)

// Addresses says how a key that is an address of the Internet is written, so
// that all spellings of one are one key.
type Addresses struct {
	// IPv6Prefix is how many bits of an IPv6 address make the key, 1 to 128: the
	// rest is the client's own to choose from. 0 means 64.
	IPv6Prefix int
}

const defaultIPv6Prefix = 64

// Key returns the key that a line of a list stands for.
func (a Addresses) Key(line string) string { return a.one(strings.TrimSpace(line)) }

// one returns the key for an address: IPv4 as it is, in whatever form of IPv6
// it came, and of IPv6 the network. Any other text is returned as it is.
func (a Addresses) one(text string) string {
	// Few texts are an address, and to find out costs more than this.
	if text == "" || !strings.ContainsRune("0123456789abcdefABCDEF:", rune(text[0])) || !strings.ContainsAny(text, ".:") {
		return text
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	bits := a.IPv6Prefix
	if bits == 0 {
		bits = defaultIPv6Prefix
	}
	if bits == address.BitLen() {
		return address.String()
	}
	return netip.PrefixFrom(address, bits).Masked().String()
}

// host returns the same for an address that may have a port, as proxies write
// it: 192.0.2.1:443, [2001:db8::1]:443.
func (a Addresses) host(text string) string {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return a.one(at.Addr().String())
	}
	return a.one(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
}

// last returns the last of a list of addresses, as in X-Forwarded-For: the
// one that the proxy nearest to the log wrote. Those before it are what it was
// told, which anybody may make up.
func last(list string) string {
	if comma := strings.LastIndexByte(list, ','); comma >= 0 {
		list = list[comma+1:]
	}
	return strings.TrimSpace(list)
}
