package redisurl

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// parseHosts reads the list of hosts into addresses to dial.
func parseHosts(list string, f form) ([]string, error) {
	hosts := strings.Split(list, ",")
	port, fallback := redisPort, ""
	switch f.topology {
	case Standalone:
		// A client of one server would use the first and never the others.
		if len(hosts) > 1 {
			return nil, fault("%s:// takes one host; a list is for %s+cluster:// and %s+sentinel://", f.name, f.name, f.name)
		}
		fallback = "localhost" // as the registration of the scheme has it
	case Sentinel:
		port = sentinelPort
	case Cluster:
	}
	addresses := make([]string, len(hosts))
	for i, text := range hosts {
		address, wrong := parseHost(text, fallback, port)
		if wrong != "" {
			return nil, fault("host %d %s", i+1, wrong)
		}
		addresses[i] = address
	}
	return addresses, nil
}

// parseHost reads one host with its port. What is wrong with it is a
// text that goes on from "host 1", and says nothing of the host itself: in
// user:password, without an @, it is the password.
func parseHost(text, fallback, port string) (address, wrong string) {
	host, rest, wrong := cutHost(text)
	switch {
	case wrong != "":
		return "", wrong
	case host == "" && fallback == "":
		return "", "is empty"
	case host == "":
		host = fallback
	}
	if rest != "" {
		number, err := strconv.ParseUint(rest[1:], 10, 16)
		if err != nil || number == 0 {
			return "", "has no port from 1 to 65535 behind its colon"
		}
		port = strconv.FormatUint(number, 10)
	}
	return net.JoinHostPort(host, port), ""
}

// cutHost parts a host from its port. The rest is empty or begins with a colon.
func cutHost(text string) (host, rest, wrong string) {
	if strings.HasPrefix(text, "[") {
		return cutIPv6(text)
	}
	colon := strings.IndexByte(text, ':')
	if colon < 0 {
		colon = len(text)
	}
	host, rest = text[:colon], text[colon:]
	switch {
	case strings.Count(rest, ":") > 1:
		return "", "", "has several colons; an IPv6 address stands in brackets, as in [::1]:6379"
	case strings.ContainsFunc(host, notInHosts):
		return "", "", "has a character that is not in host names: they have ASCII letters, digits, and - . _"
	}
	return host, rest, ""
}

// cutIPv6 is cutHost for an address in brackets. Its zone follows a %, which a
// URL writes %25 (RFC 6874).
func cutIPv6(text string) (host, rest, wrong string) {
	inside, rest, closed := strings.Cut(text[1:], "]")
	if !closed {
		return "", "", "has a [ without its ]"
	}
	if rest != "" && rest[0] != ':' {
		return "", "", "has something other than a port behind its ]"
	}
	host, err := url.PathUnescape(inside)
	if err != nil {
		return "", "", "has a % in its brackets that is not written %25"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Is6() || strings.ContainsFunc(ip.Zone(), notInHosts) {
		return "", "", "has no IPv6 address in its brackets"
	}
	return host, rest, ""
}

// notInHosts reports whether no name of a host has r. The underscore is not in
// DNS names, but in those that container networks give.
func notInHosts(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
		return false
	}
	return true
}
