package redistest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Error is an error that Redis replied with, such as "MOVED 1234 127.0.0.1:7000".
type Error string

// Error returns the text of the reply.
func (e Error) Error() string { return string(e) }

// conn is a connection that speaks RESP2, as much of it as tests need: this
// package must not depend on the client that it helps to test.
type conn struct {
	net.Conn
	in *bufio.Reader
}

// dial connects to addr, by TLS unless config is nil. All use of the connection
// must end within d.
func dial(addr string, config *tls.Config, d time.Duration) (*conn, error) {
	deadline := time.Now().Add(d)
	dialer := &net.Dialer{Deadline: deadline}
	open := dialer.Dial
	if config != nil {
		open = (&tls.Dialer{NetDialer: dialer, Config: config}).Dial
	}
	c, err := open("tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(deadline); err != nil {
		discard(c)
		return nil, err
	}
	return &conn{Conn: c, in: bufio.NewReader(c)}, nil
}

// do sends one command and reads its reply: a string, an int64, nil or a []any
// of these, or an error.
func (c *conn) do(args ...string) (any, error) {
	out := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, arg := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := c.Write(out); err != nil {
		return nil, err
	}
	reply, err := c.read()
	if err != nil {
		return nil, err
	}
	if err, ok := reply.(Error); ok {
		return nil, err
	}
	return reply, nil
}

// read reads one value. An error reply is a value here: it may be an element.
func (c *conn) read() (any, error) {
	kind, text, err := c.line()
	if err != nil {
		return nil, err
	}
	switch kind {
	case '+':
		return text, nil
	case '-':
		return Error(text), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, err
	}
	switch kind {
	case ':':
		return n, nil
	case '$':
		return c.bulk(n)
	case '*':
		return c.array(n)
	}
	return nil, fmt.Errorf("redistest: reply of type %q", kind)
}

func (c *conn) line() (kind byte, text string, err error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return 0, "", err
	}
	if len(line) < 3 {
		return 0, "", errors.New("redistest: empty line in a reply")
	}
	return line[0], line[1 : len(line)-2], nil
}

func (c *conn) bulk(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	data := make([]byte, n+2)
	if _, err := io.ReadFull(c.in, data); err != nil {
		return nil, err
	}
	return string(data[:n]), nil
}

func (c *conn) array(n int64) (any, error) {
	if n < 0 {
		return nil, nil
	}
	values := make([]any, n)
	for i := range values {
		value, err := c.read()
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}
