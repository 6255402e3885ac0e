package httplimit

import (
	"net/netip"
	"slices"
	"strings"
)

// chain goes through the addresses that proxies wrote. What decides is the rightmost one
// that is not trusted: if it is an address, that is the client, else nobody is.
type chain struct {
	*finder
	client  netip.Addr
	garbage bool
}

// readForwardedFor reads X-Forwarded-For from its end, and stops at the client: what is
// left of it may be as long as a client likes.
func (c *chain) readForwardedFor(lines []string) {
	for _, rest := range slices.Backward(lines) {
		for comma := len(rest); comma >= 0; {
			rest = rest[:comma]
			comma = strings.LastIndexByte(rest, ',')
			var ok bool
			if c.client, ok = parseNode(trim(rest[comma+1:])); !ok {
				c.garbage = true
				return
			}
			if !c.trusts(c.client) {
				return
			}
		}
	}
}

// readSingle reads a field that a proxy sets anew: one line, one address.
func (c *chain) readSingle(lines []string) {
	var ok bool
	c.client, ok = parseNode(trim(lines[0]))
	c.garbage = !ok || len(lines) > 1
}

// readForwarded reads Forwarded of RFC 7239. Quotes pair from the left, so it goes that
// way, and each element that is not trusted makes those before it count for nothing.
func (c *chain) readForwarded(lines []string) {
	text := lines[0]
	if len(lines) > 1 {
		text = strings.Join(lines, ", ")
	}
	for more := true; more; {
		var element string
		var closed bool
		element, text, more, closed = cutElement(text)
		addr, ok := forwardedFor(element)
		switch {
		case !closed || !ok:
			c.garbage = true
		case !c.trusts(addr):
			c.client, c.garbage = addr, false
		case !c.client.IsValid() && !c.garbage:
			c.client = addr // the leftmost, if all are trusted
		}
	}
}

// cutElement cuts text at the first comma that is not in quotes. What is not closed is
// in quotes that have no end, and so swallows all that proxies wrote after it.
func cutElement(text string) (element, rest string, more, closed bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			return text[:i], text[i+1:], true, true
		}
	}
	return text, "", false, !quoted
}

// forwardedFor returns the address in the parameter "for" of an element, which has each
// parameter once.
func forwardedFor(element string) (addr netip.Addr, ok bool) {
	for more := true; more; {
		var pair string
		pair, element, more = cutPair(element)
		name, value, found := strings.Cut(trim(pair), "=")
		switch {
		case trim(pair) == "":
			continue
		case !found || !isToken(name):
			return netip.Addr{}, false
		case !strings.EqualFold(name, "for"):
			continue
		case addr.IsValid():
			return netip.Addr{}, false
		}
		if addr, ok = parseNode(unquote(value)); !ok {
			return netip.Addr{}, false
		}
	}
	return addr, ok
}

// cutPair cuts text at the first semicolon that is not in quotes.
func cutPair(text string) (pair, rest string, more bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ';' && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// unquote returns what stands in quotes, and text as it is if it has none. An address
// has nothing that would be escaped.
func unquote(text string) string {
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

// parseNode parses what a proxy wrote for a client: an address, with or without a port,
// an IPv6 one in brackets or not. "unknown", names and 0.0.0.0 are no addresses.
func parseNode(text string) (addr netip.Addr, ok bool) {
	host, port := text, ""
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || end+1 < len(text) && text[end+1] != ':' {
			return addr, false
		}
		host, port = text[1:end], text[end+1:]
	} else if colon := strings.IndexByte(text, ':'); colon >= 0 && strings.IndexByte(text[colon+1:], ':') < 0 {
		host, port = text[:colon], text[colon:]
	}
	if port != "" && !isToken(port[1:]) {
		return addr, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.IsUnspecified() || addr.Is4() && text[0] == '[' {
		return netip.Addr{}, false
	}
	return normalAddr(addr), true
}

// trim removes the white space of RFC 9110 from both ends.
func trim(text string) string { return strings.Trim(text, " \t") }
