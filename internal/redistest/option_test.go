package redistest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithTLS())
	require.Equal(t, "rediss://"+s.Addr(), s.URL())
	require.Equal(t, "PONG", s.Do(t, "PING"))

	_, port, err := net.SplitHostPort(s.Addr())
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		w := dialTLS(t, net.JoinHostPort(host, port), s.TLSConfig())
		require.Equal(t, "+PONG", w.ask(t, "PING"), host)
	}

	_, err = tls.Dial("tcp", s.Addr(), redistest.Start(t, redistest.WithTLS()).TLSConfig())
	require.ErrorAs(t, err, new(x509.UnknownAuthorityError))
	stranger := s.TLSConfig()
	stranger.ServerName = "example.com"
	_, err = tls.Dial("tcp", s.Addr(), stranger)
	require.ErrorAs(t, err, new(x509.HostnameError))

	plain := dial(t, "tcp", s.Addr())
	plain.send(t, "PING")
	text, err := plain.line()
	require.NotEqual(t, "+PONG", text)
	require.Error(t, err)
	require.Nil(t, redistest.Shared(t).TLSConfig())
}

func TestUsers(t *testing.T) {
	t.Parallel()
	const password = `p:@/% "ß`
	s := redistest.Start(t,
		redistest.WithUser("anna", password, "~app:*", "+get", "+ping"),
		redistest.WithUser("otto", "secret", "~*", "+@all"))
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	require.Equal(t, "anna", u.User.Username())
	got, _ := u.User.Password()
	require.Equal(t, password, got)
	require.Equal(t, "PONG", s.Do(t, "PING")) // as a user of its own

	w := dial(t, "tcp", s.Addr())
	require.Contains(t, w.ask(t, "PING"), "NOAUTH")
	require.Contains(t, w.ask(t, `AUTH anna wrong`), "WRONGPASS")
	require.Equal(t, "+OK", w.ask(t, `AUTH anna "p:@/% \"ß"`))
	require.Equal(t, "+PONG", w.ask(t, "PING"))
	require.Equal(t, "$-1", w.ask(t, "GET app:1"))
	require.Contains(t, w.ask(t, "GET other"), "NOPERM")
	require.Contains(t, w.ask(t, "SET app:1 x"), "NOPERM")
	require.Equal(t, "+OK", w.ask(t, "AUTH otto secret"))
	require.Equal(t, "+OK", w.ask(t, "SET other x"))
}

func TestAPasswordWithoutAUser(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithUser("default", "secret", "~*", "+@all"))
	require.Equal(t, "redis://:secret@"+s.Addr(), s.URL())
	w := dial(t, "tcp", s.Addr())
	require.Contains(t, w.ask(t, "PING"), "NOAUTH")
	require.Equal(t, "+OK", w.ask(t, "AUTH secret"))
	require.Equal(t, "+PONG", w.ask(t, "PING"))
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithUnixSocket(), redistest.WithUser("anna", "secret", "+@all"))
	require.Equal(t, "unix://anna:secret@"+s.Socket(), s.SocketURL())
	w := dial(t, "unix", s.Socket())
	require.Equal(t, "+OK", w.ask(t, "AUTH anna secret"))
	require.Equal(t, "+PONG", w.ask(t, "PING"))

	open := redistest.Start(t, redistest.WithUnixSocket())
	require.Equal(t, "unix://"+open.Socket(), open.SocketURL())
	require.Equal(t, "+PONG", dial(t, "unix", open.Socket()).ask(t, "PING"))
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Log("this machine has no IPv6")
		return
	}
	require.NoError(t, listener.Close())
	_, port, err := net.SplitHostPort(redistest.Shared(t).Addr())
	require.NoError(t, err)
	require.Equal(t, "+PONG", dial(t, "tcp", "[::1]:"+port).ask(t, "PING"))
}
