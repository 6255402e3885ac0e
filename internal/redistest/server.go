package redistest

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is a redis-server on a port of the loopback interface that stays the
// same as long as the test runs. Methods that take a test fail it at once if
// they cannot do what they say. All are safe for concurrent use.
type Server struct {
	settings
	*claim
	dir      string
	sentinel bool

	mu     sync.Mutex
	proc   *process // nil while the server is down
	paused bool
}

const socketName = "redis.sock"

// Start starts a server, which is stopped when the test ends.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	return forTest(t, startServer, opts)
}

func startServer(opts []Option) (*Server, error) {
	return launched(opts, func(set settings) (*Server, error) { return newServer(set) })
}

// Addr returns the host and port of the server.
func (s *Server) Addr() string { return loopback(s.port) }

// URL returns the URL of the server, redis:// or rediss://, with the
// credentials of the first user given by [WithUser].
func (s *Server) URL() string {
	u := url.URL{Scheme: s.scheme(), User: s.credentials(), Host: s.Addr()}
	return u.String()
}

// Socket returns the path of the Unix socket asked for by [WithUnixSocket].
func (s *Server) Socket() string { return s.file(socketName) }

// SocketURL returns the unix:// URL of that socket.
func (s *Server) SocketURL() string {
	u := url.URL{Scheme: "unix", User: s.credentials(), Path: s.Socket()}
	return u.String()
}

// TLSConfig returns a new configuration for a client that trusts the server,
// nil for a server without TLS.
func (s *settings) TLSConfig() *tls.Config {
	if s.authority == nil {
		return nil
	}
	return s.authority.client()
}

// PID returns the process id of the server, 0 while it is down.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return 0
	}
	return s.proc.pid()
}

// Log returns what the server printed so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.file("redis.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Command sends one command on a connection of its own, as a user who may do
// everything, and returns the reply: a string, an int64, nil or a []any of
// these. What Redis refuses is an [Error]. It gives up after five seconds, as
// it must where the server is paused.
func (s *Server) Command(args ...string) (any, error) {
	c, err := dial(s.Addr(), s.TLSConfig(), 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer discard(c)
	if _, err := c.do("AUTH", s.admin.name, s.admin.password); err != nil {
		return nil, err
	}
	return c.do(args...)
}

// Do is [Server.Command] for replies that cannot fail unless the test does.
func (s *Server) Do(t testing.TB, args ...string) any {
	t.Helper()
	reply, err := s.Command(args...)
	if err != nil {
		t.Fatalf("redistest: %s: %v", strings.Join(args, " "), err)
	}
	return reply
}

// info returns the fields of a section of INFO.
func (s *Server) info(section string) (map[string]string, error) {
	text, err := s.text("INFO", section)
	return fields(text), err
}

// text is [Server.Command] for a reply that is a string.
func (s *Server) text(args ...string) (string, error) {
	reply, err := s.Command(args...)
	if err != nil {
		return "", err
	}
	text, ok := reply.(string)
	if !ok {
		return "", fmt.Errorf("redistest: %s replied %v", args[0], reply)
	}
	return text, nil
}

// list is [Server.Command] for a reply that is an array.
func (s *Server) list(args ...string) ([]any, error) {
	reply, err := s.Command(args...)
	if err != nil {
		return nil, err
	}
	values, ok := reply.([]any)
	if !ok {
		return nil, fmt.Errorf("redistest: %s replied %v", args[0], reply)
	}
	return values, nil
}

// fields reads lines of the form "name:value".
func fields(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			m[name] = value
		}
	}
	return m
}

// up returns the servers that run and are not paused.
func up(servers []*Server) []*Server {
	return slices.DeleteFunc(slices.Clone(servers), func(s *Server) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.proc == nil || s.paused
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// end is the cleanup of whatever a test started.
func end(t testing.TB, what interface{ close() error }) {
	t.Helper()
	if err := what.close(); err != nil {
		t.Error(err)
	}
}
