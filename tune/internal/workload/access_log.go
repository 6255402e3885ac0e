package workload

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// AccessKey says which field of an access log is the key.
type AccessKey string

// AccessCost says what a request in an access log costs.
type AccessCost string

// The fields of an access log that make sense as a key or as a cost.
const (
	KeyHost  AccessKey = "host"  // the address of the client
	KeyUser  AccessKey = "user"  // the name it logged in with
	KeyPath  AccessKey = "path"  // what it asked for, without the query
	KeyAgent AccessKey = "agent" // what it calls itself

	CostOne   AccessCost = "1"     // each request costs 1
	CostBytes AccessCost = "bytes" // the bytes that were sent
)

// ReadAccessLog reads a log in the common or the combined format, as Apache
// and nginx write it, which may be compressed by gzip.
func ReadAccessLog(r io.Reader, key AccessKey, cost AccessCost) (*Workload, error) {
	lines, err := newLines(r)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	err = lines.each(b, func(text string) error {
		e, err := parseAccess(text)
		if err != nil {
			return err
		}
		name, err := e.key(key)
		if err != nil {
			return err
		}
		amount := int64(1)
		if cost == CostBytes {
			amount = e.bytes
		}
		return b.add(e.at, name, amount)
	})
	if err != nil {
		return nil, err
	}
	return b.finish()
}

// access is a line of an access log:
//
//	host ident user [day/month/year:hour:minute:second zone] "request" status bytes "referer" "agent"
//
// The common format ends after bytes. Anything after these fields is ignored,
// for many logs have more.
type access struct {
	host, user     string
	at             int64 // Unix nanoseconds
	request, agent string
	bytes          int64 // 0 for "-", which is written where nothing was sent
}

const accessTime = "02/Jan/2006:15:04:05 -0700"

func parseAccess(line string) (e access, err error) {
	// A user may have blanks in the name, so the time is looked for by its bracket.
	who, rest, found := strings.Cut(line, " [")
	if !found {
		return e, errors.New("there is no time in brackets")
	}
	if err := e.parseWho(who); err != nil {
		return e, err
	}
	clock, rest, found := strings.Cut(rest, "] ")
	if !found {
		return e, errors.New("nothing follows the time in brackets")
	}
	at, err := time.Parse(accessTime, clock)
	if err != nil {
		return e, fmt.Errorf("the time %q is not like 10/Oct/2000:13:55:36 -0700", clock)
	}
	if e.at, err = instant(at); err != nil {
		return e, err
	}
	e.request, rest, err = cutQuoted(rest)
	if err != nil {
		return e, fmt.Errorf("the request: %w", err)
	}
	err = e.parseSent(rest)
	return e, err
}

// parseWho reads host, ident and user.
func (e *access) parseWho(text string) error {
	host, rest, found := strings.Cut(text, " ")
	if !found || host == "" {
		return errors.New("it does not begin with host, ident and user")
	}
	_, user, found := strings.Cut(rest, " ")
	if !found || user == "" {
		return errors.New("host, ident and user do not stand before the time")
	}
	e.host, e.user = host, user
	return nil
}

// parseSent reads status and bytes, and the agent if the line has one.
func (e *access) parseSent(text string) error {
	status, rest, _ := strings.Cut(strings.TrimPrefix(text, " "), " ")
	if n, err := strconv.ParseUint(status, 10, 16); err != nil || n < 100 || n > 999 {
		return fmt.Errorf("the status %q is no number of three digits", status)
	}
	sent, rest, _ := strings.Cut(rest, " ")
	if sent != "-" {
		n, err := strconv.ParseInt(sent, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("the number of bytes %q is neither a number nor -", sent)
		}
		e.bytes = n
	}
	_, rest, err := cutQuoted(rest)
	if err != nil {
		return nil //nolint:nilerr // a line in the common format ends here, or goes on with fields of its own
	}
	if agent, _, err := cutQuoted(strings.TrimPrefix(rest, " ")); err == nil {
		e.agent = agent
	}
	return nil
}

// cutQuoted cuts a quoted field off text. In it a backslash keeps the next
// character from ending the field. The field is returned as it was written:
// as a key it need only be the same each time.
func cutQuoted(text string) (field, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", text, errors.New("it does not begin with a quote")
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[1:i], text[i+1:], nil
		}
	}
	return "", text, errors.New("its quote does not end")
}

// key returns the field that is to be the key.
func (e *access) key(field AccessKey) (string, error) {
	name := e.host
	switch field {
	case KeyHost:
	case KeyUser:
		name = e.user
	case KeyPath:
		name = e.path()
	case KeyAgent:
		name = e.agent
	default:
		return "", fmt.Errorf("a line has no field %q", string(field))
	}
	if name == "" || name == "-" || name == `""` {
		return "", fmt.Errorf("it has no %s", field)
	}
	return name, nil
}

// path returns what was asked for, without the query.
func (e *access) path() string {
	_, target, found := strings.Cut(e.request, " ") // "GET /path?query HTTP/1.1"
	if !found {
		return ""
	}
	target, _, _ = strings.Cut(target, " ")
	path, _, _ := strings.Cut(target, "?")
	return path
}
