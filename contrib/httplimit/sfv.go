package httplimit

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// limitItem is an item of RateLimit; t may be untold.
type limitItem struct {
	name string
	r, t int64
}

// What a parameter is that is not there, or is no Integer of 0 or more.
const (
	untold   = -1
	unusable = -2
)

// parseRateLimit parses RateLimit of draft-ietf-httpapi-ratelimit-headers-11, a List of
// RFC 9651 whose members are Strings with the Integer parameters r and, maybe, t.
// What is malformed anywhere is not ok.
func parseRateLimit(lines []string) (items []limitItem, ok bool) {
	p := sfvParser{strings.Join(lines, ",")}
	p.skip(" ")
	for p.text != "" {
		name, named := p.string()
		item := limitItem{name: name, r: untold, t: untold}
		if !named || !p.parameters(&item) {
			return nil, false
		}
		items = append(items, item)
		p.skip(" \t")
		if p.text == "" {
			return items, true
		}
		if !p.take(',') {
			return nil, false
		}
		if p.skip(" \t"); p.text == "" {
			return nil, false
		}
	}
	return items, len(items) > 0
}

// sfvParser parses Structured Field Values: what is left of the text. Each method takes
// what it parses off it and reports whether it was there (RFC 9651, section 4.2).
type sfvParser struct{ text string }

func (p *sfvParser) skip(chars string) { p.text = strings.TrimLeft(p.text, chars) }

func (p *sfvParser) take(c byte) bool {
	if p.text == "" || p.text[0] != c {
		return false
	}
	p.text = p.text[1:]
	return true
}

// takeWhile takes the longest run of characters that are in the class.
func (p *sfvParser) takeWhile(in func(c byte) bool) string {
	end := 0
	for end < len(p.text) && in(p.text[end]) {
		end++
	}
	taken := p.text[:end]
	p.text = p.text[end:]
	return taken
}

// parameters parses the parameters of an item, and reports whether they are well formed
// and r and t of use. Of one that is there twice the last counts.
func (p *sfvParser) parameters(item *limitItem) bool {
	for p.take(';') {
		p.skip(" ")
		key, ok := p.key()
		if !ok {
			return false
		}
		number, whole := int64(-1), false
		if p.take('=') {
			if number, whole, ok = p.bareItem(); !ok {
				return false
			}
		}
		if !whole || number < 0 {
			number = unusable
		}
		switch key {
		case "r":
			item.r = number
		case "t":
			item.t = number
		}
	}
	return item.r >= 0 && item.t != unusable
}

func (p *sfvParser) key() (string, bool) {
	if p.text == "" || !lower(p.text[0]) && p.text[0] != '*' {
		return "", false
	}
	return p.takeWhile(func(c byte) bool { return lower(c) || digit(c) || strings.IndexByte("_-.*", c) >= 0 }), true
}

// bareItem parses an item of any type; if it is an Integer, whole says so.
func (p *sfvParser) bareItem() (number int64, whole, ok bool) {
	if p.text == "" {
		return 0, false, false
	}
	switch c := p.text[0]; {
	case c == '-' || digit(c):
		return p.number()
	case c == '"':
		_, ok = p.string()
	case c == '*' || lower(c) || upper(c):
		p.takeWhile(func(c byte) bool { return c == ':' || c == '/' || tokenChar(c) })
		ok = true
	case c == ':':
		ok = p.byteSequence()
	case c == '?':
		p.text = p.text[1:]
		ok = p.take('0') || p.take('1')
	case c == '@':
		p.text = p.text[1:]
		ok = p.date()
	case c == '%':
		p.text = p.text[1:]
		ok = p.displayString()
	}
	return 0, false, ok
}

// number parses an Integer of at most 15 digits, or a Decimal of at most 12 and 3.
func (p *sfvParser) number() (number int64, whole, ok bool) {
	sign := int64(1)
	if p.take('-') {
		sign = -1
	}
	digits := p.takeWhile(digit)
	if digits == "" || len(digits) > 15 {
		return 0, false, false
	}
	if p.take('.') {
		fraction := p.takeWhile(digit)
		return 0, false, len(digits) <= 12 && fraction != "" && len(fraction) <= 3
	}
	for i := range len(digits) {
		number = number*10 + int64(digits[i]-'0')
	}
	return sign * number, true, true
}

// date parses what follows the "@": an Integer.
func (p *sfvParser) date() bool {
	_, whole, ok := p.number()
	return ok && whole
}

func (p *sfvParser) string() (text string, ok bool) {
	if !p.take('"') {
		return "", false
	}
	var b strings.Builder
	for p.text != "" {
		c := p.text[0]
		p.text = p.text[1:]
		switch {
		case c == '"':
			return b.String(), true
		case c == '\\':
			if p.text == "" || p.text[0] != '"' && p.text[0] != '\\' {
				return "", false
			}
			c, p.text = p.text[0], p.text[1:]
		case c < ' ' || c > '~':
			return "", false
		}
		b.WriteByte(c)
	}
	return "", false
}

func (p *sfvParser) byteSequence() bool {
	sequence, rest, closed := strings.Cut(p.text[1:], ":")
	p.text = rest
	if !closed || strings.ContainsAny(sequence, "\r\n") { // which the decoder lets pass
		return false
	}
	_, err := base64.StdEncoding.DecodeString(sequence)
	return err == nil
}

// displayString parses what follows the "%": text in UTF-8, percent-encoded.
func (p *sfvParser) displayString() bool {
	if !p.take('"') {
		return false
	}
	var decoded []byte
	for p.text != "" {
		c := p.text[0]
		p.text = p.text[1:]
		switch {
		case c == '"':
			return utf8.Valid(decoded)
		case c == '%':
			if len(p.text) < 2 || !lowerHex(p.text[0]) || !lowerHex(p.text[1]) {
				return false
			}
			c = hexValue(p.text[0])<<4 | hexValue(p.text[1])
			p.text = p.text[2:]
		case c < ' ' || c > '~':
			return false
		}
		decoded = append(decoded, c)
	}
	return false
}

func digit(c byte) bool    { return c >= '0' && c <= '9' }
func lower(c byte) bool    { return c >= 'a' && c <= 'z' }
func upper(c byte) bool    { return c >= 'A' && c <= 'Z' }
func lowerHex(c byte) bool { return digit(c) || c >= 'a' && c <= 'f' }

// hexValue requires a digit of lowerHex.
func hexValue(c byte) byte {
	if digit(c) {
		return c - '0'
	}
	return c - 'a' + 10
}
