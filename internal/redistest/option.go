package redistest

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
)

// Option is a setting of a server, or of all servers of a set.
type Option func(*settings)

// WithTLS makes the servers speak only TLS, to clients and to each other, with
// certificates of an authority that is made for the test. See [Server.TLSConfig].
func WithTLS() Option {
	return func(s *settings) { s.tls = true }
}

// WithUser adds an ACL user, who must give the password and may do what rules say
// ("~app:*", "+@read"). It may be given several times. The default user is
// switched off, unless it is given too, by the name "default": so a client
// without credentials is turned away. The URLs carry the first user. The
// sentinels of a set know all users by the same names and passwords, and let them
// do everything; see [WithSentinelUser].
func WithUser(name, password string, rules ...string) Option {
	return func(s *settings) { s.users = append(s.users, user{name, password, rules}) }
}

// WithSentinelUser makes this the only user that the sentinels of a set know.
// The set's URL carries it as sentinelUsername and sentinelPassword.
func WithSentinelUser(name, password string) Option {
	return func(s *settings) { s.sentinelUser = &user{name: name, password: password} }
}

// WithUnixSocket makes the servers listen on a Unix socket too. See
// [Server.SocketURL].
func WithUnixSocket() Option {
	return func(s *settings) { s.socket = true }
}

// WithConfig adds lines to redis.conf, after all others, so that they win:
// "appendonly yes". Sentinels do not get them.
func WithConfig(lines ...string) Option {
	return func(s *settings) { s.lines = append(s.lines, lines...) }
}

// settings are the options of a server; the servers of a set share them.
type settings struct {
	tls          bool
	socket       bool
	users        []user
	sentinelUser *user
	lines        []string

	authority *authority // nil without TLS
	admin     user       // may do everything; this package acts as this user
}

func newSettings(opts []Option) (settings, error) {
	var s settings
	for _, opt := range opts {
		opt(&s)
	}
	s.admin = user{"redistest", rand.Text(), everything}
	if !s.tls {
		return s, nil
	}
	var err error
	s.authority, err = newAuthority()
	return s, err
}

// user is an ACL user.
type user struct {
	name, password string
	rules          []string
}

var everything = []string{"~*", "&*", "+@all"}

// line returns the directive that creates the user. It has the hash of the
// password, because the password might need quoting.
func (u user) line() string {
	hash := sha256.Sum256([]byte(u.password))
	return fmt.Sprintf("user %s on #%x %s", u.name, hash, strings.Join(u.rules, " "))
}

// credentials returns the user as it stands in a URL, where the default user has
// no name.
func (u user) credentials() *url.Userinfo {
	if u.name == "default" {
		return url.UserPassword("", u.password)
	}
	return url.UserPassword(u.name, u.password)
}

// credentials returns those of the first user, or nil if none is needed.
func (s *settings) credentials() *url.Userinfo {
	if len(s.users) == 0 {
		return nil
	}
	return s.users[0].credentials()
}

// lists returns the directives that let in the admin, these users and nobody
// else.
func (s *settings) lists(users []user) []string {
	lines := []string{s.admin.line()}
	if len(users) == 0 {
		return lines
	}
	open := false
	for _, u := range users {
		lines = append(lines, u.line())
		open = open || u.name == "default"
	}
	if !open {
		lines = append(lines, "user default off")
	}
	return lines
}

// scheme returns "redis" or, with TLS, "rediss".
func (s *settings) scheme() string {
	if s.tls {
		return "rediss"
	}
	return "redis"
}
