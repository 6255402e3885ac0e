package redistest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestAServerEndsWithItsTest(t *testing.T) {
	t.Parallel()
	var pid int
	var dir string
	t.Run("the test", func(t *testing.T) {
		s := redistest.Start(t, redistest.WithUnixSocket())
		pid, dir = s.PID(), filepath.Dir(s.Socket())
		require.True(t, alive(pid))
		require.Equal(t, "PONG", s.Do(t, "PING"))
	})
	require.False(t, alive(pid))
	require.NoDirExists(t, dir)
}

func TestServersAreApart(t *testing.T) {
	t.Parallel()
	a, b := redistest.Start(t), redistest.Start(t)
	require.NotEqual(t, a.Addr(), b.Addr())
	require.NotEqual(t, a.PID(), b.PID())
	a.Do(t, "SET", "key", "a")
	require.Nil(t, b.Do(t, "GET", "key"))
	require.Equal(t, "redis://"+a.Addr(), a.URL())
}

func TestStopKeepsWhatKillLoses(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	addr, pid := s.Addr(), s.PID()
	s.Do(t, "SET", "key", "value")

	s.Restart(t)
	require.False(t, alive(pid))
	require.Equal(t, addr, s.Addr())
	require.NotEqual(t, pid, s.PID())
	require.Equal(t, "value", s.Do(t, "GET", "key"))

	s.Stop(t)
	require.Zero(t, s.PID())
	_, err := s.Command("PING")
	require.Error(t, err)
	s.Start(t)
	require.Equal(t, "value", s.Do(t, "GET", "key"))

	pid = s.PID()
	s.Kill(t)
	require.False(t, alive(pid))
	s.Start(t)
	require.Nil(t, s.Do(t, "GET", "key"))
}

func TestKillKeepsWhatTheConfigurationWrites(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithConfig("appendonly yes", "maxmemory 10mb"))
	require.Equal(t, []any{"maxmemory", "10485760"}, s.Do(t, "CONFIG", "GET", "maxmemory"))
	s.Do(t, "SET", "key", "value")
	s.Kill(t)
	s.Start(t)
	require.Equal(t, "value", s.Do(t, "GET", "key"))
}

func TestAPausedServerAnswersNothing(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	open := dial(t, "tcp", s.Addr())
	require.Equal(t, "+PONG", open.ask(t, "PING"))

	s.Pause(t)
	s.Pause(t)
	open.send(t, "PING")
	require.True(t, open.silent(t))
	fresh := dial(t, "tcp", s.Addr()) // the kernel accepts
	fresh.send(t, "PING")
	require.True(t, fresh.silent(t))

	s.Resume(t)
	for _, w := range []*wire{open, fresh} {
		text, err := w.line()
		require.NoError(t, err)
		require.Equal(t, "+PONG", text)
	}

	s.Pause(t)
	s.Kill(t)
	require.True(t, open.ended())
	s.Start(t)
	require.Equal(t, "PONG", s.Do(t, "PING"))
	s.Pause(t) // and is stopped all the same
}

func TestWhatAServerCannotDoFailsTheTest(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	require.Contains(t, failure(s.Start), "is up")
	require.Contains(t, failure(func(t testing.TB) { s.Do(t, "NONSENSE") }), "NONSENSE: ERR unknown command")
	s.Pause(t)
	require.Contains(t, failure(s.Stop), "is paused")
	s.Kill(t)
	for _, act := range []func(testing.TB){s.Stop, s.Kill, s.Pause, s.Resume} {
		require.Contains(t, failure(act), "is down")
	}

	text := failure(func(t testing.TB) { redistest.Start(t, redistest.WithConfig("nonsense yes")) })
	require.Contains(t, text, "redis-server ended")
	require.Contains(t, text, "nonsense yes") // from its log
}

func TestRepliesAreRead(t *testing.T) {
	t.Parallel()
	s := redistest.Shared(t)
	for _, test := range []struct {
		script string
		want   any
	}{
		{"return redis.status_reply('fine')", "fine"},
		{"return 'some\\r\\ntext'", "some\r\ntext"},
		{"return ''", ""},
		{"return -7", int64(-7)},
		{"return false", nil},
		{"return {}", []any{}},
		{"return {1, {'two', false}, redis.error_reply('ERR three')}", []any{
			int64(1), []any{"two", nil}, redistest.Error("ERR three"),
		}},
	} {
		require.Equal(t, test.want, s.Do(t, "EVAL", test.script, "0"), test.script)
	}
	_, err := s.Command("EVAL", "return redis.error_reply('WHY not')", "0")
	require.Equal(t, redistest.Error("WHY not"), err)
	require.EqualError(t, err, "WHY not")
	require.Nil(t, s.Do(t, "BLPOP", "replies:none", "0.01")) // a null array
}

func TestSharedServersAreTheSame(t *testing.T) {
	t.Parallel()
	require.Same(t, redistest.Shared(t), redistest.Shared(t))
	require.Same(t, redistest.SharedCluster(t), redistest.SharedCluster(t))
	require.Same(t, redistest.SharedSentinel(t), redistest.SharedSentinel(t))
}

func TestAMissingServerFailsTheTest(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	const want = "redis-server is missing: install it (Debian: apt-get install redis-server)"
	require.Equal(t, want, failure(redistest.Require))
	for _, start := range []func(testing.TB){
		func(t testing.TB) { redistest.Start(t) },
		func(t testing.TB) { redistest.StartSentinel(t) },
		func(t testing.TB) { redistest.StartCluster(t) },
		func(t testing.TB) { redistest.Shared(t) },
	} {
		require.Equal(t, want, failure(start))
	}
	require.NoError(t, os.Unsetenv("PATH"))
	require.Equal(t, want, failure(redistest.Require))
}
