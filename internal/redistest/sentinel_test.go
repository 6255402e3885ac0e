package redistest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestSentinelsKnowTheirMaster(t *testing.T) {
	t.Parallel()
	s := redistest.SharedSentinel(t)
	require.Len(t, s.Sentinels(), 3)
	require.Len(t, s.Servers(), 2)
	require.Equal(t, "redis+sentinel://"+strings.Join(s.Addrs(), ",")+"/"+redistest.MasterName, s.URL())

	master := s.Master(t)
	require.Equal(t, master.Addr(), s.MasterAddr(t))
	require.Contains(t, master.Do(t, "INFO", "replication"), "role:master")
	for _, sentinel := range s.Sentinels() {
		require.Contains(t, sentinel.Do(t, "SENTINEL", "CKQUORUM", redistest.MasterName), "OK 3 usable")
	}
	awaitOnReplica(t, s, master)
}

// awaitOnReplica waits until the replica has what is written to the master.
func awaitOnReplica(t *testing.T, s *redistest.Sentinel, master *redistest.Server) {
	t.Helper()
	key := "sentinel:" + t.Name()
	master.Do(t, "SET", key, "value")
	for _, server := range s.Servers() {
		eventually(t, "value at "+server.Addr(), func() bool {
			return server.Do(t, "GET", key) == "value"
		})
	}
}

func TestSentinelsWithTLSAndUsers(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t, redistest.WithTLS(),
		redistest.WithUser("anna", "secret", "~app:*", "+@all"))
	require.Equal(t, fmt.Sprintf("rediss+sentinel://anna:secret@%s/%s", strings.Join(s.Addrs(), ","), redistest.MasterName), s.URL())
	for _, addr := range append(s.Addrs(), s.MasterAddr(t)) {
		w := dialTLS(t, addr, s.TLSConfig())
		require.Contains(t, w.ask(t, "PING"), "NOAUTH")
		require.Equal(t, "+OK", w.ask(t, "AUTH anna secret"))
		require.Equal(t, "+PONG", w.ask(t, "PING"))
	}
	awaitOnReplica(t, s, s.Master(t))
	s.AwaitFailover(t, s.KillMaster(t))
}

func TestSentinelsWithAUserOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t,
		redistest.WithUser("anna", "secret", "~*", "+@all"),
		redistest.WithSentinelUser("guard", "p&ss"))
	require.Contains(t, s.URL(), "?sentinelPassword=p%26ss&sentinelUsername=guard")

	sentinel := dial(t, "tcp", s.Addrs()[0])
	require.Contains(t, sentinel.ask(t, "AUTH anna secret"), "WRONGPASS")
	require.Equal(t, "+OK", sentinel.ask(t, "AUTH guard p&ss"))
	require.Equal(t, "*2", sentinel.ask(t, "SENTINEL GET-MASTER-ADDR-BY-NAME "+redistest.MasterName))

	master := dial(t, "tcp", s.MasterAddr(t))
	require.Contains(t, master.ask(t, "AUTH guard p&ss"), "WRONGPASS")
	require.Equal(t, "+OK", master.ask(t, "AUTH anna secret"))
}
