package workload

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Fields say which fields of a line make a request. A field is one of the names
// below, which mean the same in every format, or one that the format itself
// has: $http_x_real_ip, request.headers.Api-Key.0, cs(Cookie).
type Fields struct {
	Time string   // empty: where the format has it
	Key  []string // several: a key of all of them together
	Cost string   // empty: each request costs 1
	Good string   // says yes for a request of a good client; empty: nothing does

	Addresses Addresses
}

// The fields that mean the same in every format.
const (
	FieldHost      = "host"      // the address of who asked, without a port
	FieldForwarded = "forwarded" // the last address of X-Forwarded-For
	FieldUser      = "user"      // the name it logged in with
	FieldPath      = "path"      // what it asked for, without the query
	FieldAgent     = "agent"     // what it calls itself
	FieldSite      = "site"      // the host that it asked for
	FieldBytes     = "bytes"     // what was sent
	FieldStatus    = "status"

	fieldTime = "time"
)

// layout knows how a line of a log is built.
type layout interface {
	// name is how people call it.
	name() string
	// want asks for a field, the next one of those that split returns. It returns
	// an error that lists the fields if it knows them and the field is none of them.
	want(field string) error
	// split appends the wanted fields of a line to into. It reports false for a
	// line that is no request, like a comment.
	split(line string, into []string) (fields []string, request bool, err error)
}

// missing is the error of a layout that does not have a field.
func missing(format, field string, have []string) error {
	return fmt.Errorf("a line of %s has no field %q; it has %s", format, field, strings.Join(have, ", "))
}

// binding makes requests of the fields of lines.
type binding struct {
	layout layout
	fields Fields
	values []string
	parts  []string

	// Many lines have the time of the one before.
	clock string
	at    int64
}

// bind asks the layout for the fields.
func bind(l layout, f Fields) (*binding, error) {
	b := &binding{layout: l, fields: f}
	at := f.Time
	if at == "" {
		at = fieldTime
	}
	err := l.want(at)
	for _, key := range f.Key {
		err = errors.Join(err, l.want(key))
	}
	if f.Cost != "" {
		err = errors.Join(err, l.want(f.Cost))
	}
	if f.Good != "" {
		err = errors.Join(err, l.want(f.Good))
	}
	return b, err
}

// use adds the request of a line.
func (b *binding) use(to *builder, line string) error {
	values, request, err := b.layout.split(line, b.values[:0])
	b.values = values
	if err != nil || !request {
		return err
	}
	at, err := b.time(values[0])
	if err != nil {
		return err
	}
	key, err := b.key(values[1 : 1+len(b.fields.Key)])
	if err != nil {
		return err
	}
	cost := int64(1)
	if b.fields.Cost != "" {
		if cost, err = parseCost(b.fields.Cost, values[1+len(b.fields.Key)]); err != nil {
			return err
		}
	}
	if err := to.add(at, key, cost); err != nil {
		return err
	}
	if b.fields.Good != "" {
		to.good(truthy(values[len(values)-1]))
	}
	return nil
}

// time returns the instant of a text.
func (b *binding) time(text string) (int64, error) {
	if text == b.clock && text != "" {
		return b.at, nil
	}
	at, err := parseTime(text)
	if err == nil {
		b.clock, b.at = strings.Clone(text), at
	}
	return at, err
}

// key makes the key of its fields. Of several that are empty some may be.
func (b *binding) key(values []string) (string, error) {
	b.parts = b.parts[:0]
	empty := 0
	for i, value := range values {
		part := clean(b.fields.Key[i], value, b.fields.Addresses)
		if part == "" || part == "-" || part == `""` {
			part = "-"
			empty++
		}
		b.parts = append(b.parts, part)
	}
	if empty == len(values) {
		return "", fmt.Errorf("it has no %s", strings.Join(b.fields.Key, " and no "))
	}
	return joinKey(b.parts), nil
}

// keyGlue stands between the fields of a key.
const keyGlue = " + "

// joinKey joins fields so that other fields never make the same key.
func joinKey(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	for i, part := range parts {
		if strings.Contains(part, keyGlue) || strings.HasPrefix(part, `"`) {
			parts[i] = strconv.Quote(part)
		}
	}
	return strings.Join(parts, keyGlue)
}

// clean makes of a field what its name promises.
func clean(field, value string, addresses Addresses) string {
	switch field {
	case FieldHost:
		return addresses.host(value)
	case FieldForwarded:
		return addresses.host(last(value))
	case FieldPath:
		return cleanPath(value)
	case FieldUser, FieldAgent:
		return value
	default:
		return addresses.one(value)
	}
}

// cleanPath returns the path out of a request line, a URL, or a path with a
// query.
func cleanPath(text string) string {
	if _, target, isRequest := strings.Cut(text, " "); isRequest { // "GET /path?query HTTP/1.1"
		text, _, _ = strings.Cut(target, " ")
	}
	if _, rest, isURL := strings.Cut(text, "://"); isURL && !strings.HasPrefix(text, "/") {
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return "/"
		}
		text = rest[slash:]
	}
	path, _, _ := strings.Cut(text, "?")
	return path
}

// parseCost reads a cost; what was not sent, "-", costs nothing.
func parseCost(field, text string) (int64, error) {
	if text == "-" {
		return 0, nil
	}
	cost, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the %s %q is no whole number, so no cost", field, text)
	}
	return cost, nil
}
