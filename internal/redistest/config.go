package redistest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// newServer returns a server that holds data and is not running. The lines
// complete its configuration.
func newServer(set settings, lines ...string) (*Server, error) {
	s, err := reserve(set)
	if err != nil {
		return nil, err
	}
	if err := s.write(s.lists(s.users), s.storing(), lines, s.lines); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// reserve returns a server that has a port and a directory, and nothing in it.
func reserve(set settings) (*Server, error) {
	c, err := claimPort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		c.release()
		return nil, err
	}
	return &Server{settings: set, claim: c, dir: dir}, nil
}

// write writes the configuration, once: Sentinel and a cluster rewrite it.
func (s *Server) write(lines ...[]string) error {
	if s.authority != nil {
		if err := s.authority.write(s.dir); err != nil {
			return err
		}
	}
	all := append(s.listening(), slices.Concat(lines...)...)
	return os.WriteFile(s.file("redis.conf"), []byte(strings.Join(all, "\n")+"\n"), 0o600)
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// listening returns the directives that say where the server listens. A "-"
// stands before an address that the machine may lack.
func (s *Server) listening() []string {
	lines := []string{"bind 127.0.0.1 -::1", "protected-mode no"}
	if s.authority == nil {
		return append(lines, fmt.Sprintf("port %d", s.port))
	}
	lines = append(lines, "port 0", fmt.Sprintf("tls-port %d", s.port))
	return append(lines, s.authority.lines()...)
}

// storing returns the directives of a server that holds data. It saves only when
// told to, and sends to its replicas without delay. It pings them often, because
// a node of a cluster lists a replica only when that has received something.
func (s *Server) storing() []string {
	lines := []string{
		`save ""`,
		"repl-diskless-sync yes",
		"repl-diskless-sync-delay 0",
		"repl-ping-replica-period 1",
		"masteruser " + s.admin.name,
		"masterauth " + s.admin.password,
	}
	if s.socket {
		lines = append(lines, "unixsocket "+socketName)
	}
	return lines
}

// visitors returns the users that a sentinel lets in.
func (s *settings) visitors() []user {
	users := s.users
	if s.sentinelUser != nil {
		users = []user{*s.sentinelUser}
	}
	free := make([]user, len(users))
	for i, u := range users {
		free[i] = user{u.name, u.password, everything}
	}
	return free
}
