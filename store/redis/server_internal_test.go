package redis

import (
	"context"
	"testing"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

// server is a redis-server of a test's own, and a client of it.
type server struct {
	testing.TB
	client rueidis.Client
}

func startServer(t testing.TB) *server {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{redistest.Start(t).Addr()}, AlwaysPipelining: true, DisableCache: true, ForceSingleClient: true,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	s := &server{TB: t, client: client}
	s.load()
	return s
}

// load makes all scripts known to the server.
func (s *server) load() {
	for _, d := range []driven{bucketLaw, meterLaw, queueLaw, fixedWindowLaw, slidingWindowLaw} {
		s.loadScript(d.one)
		s.loadScript(d.many)
	}
	s.loadScript(peekScript)
	s.loadScript(cancelScript)
	s.loadScript(resetScript)
}

func (s *server) loadScript(of *script) {
	sha, err := s.do(s.client.B().ScriptLoad().Script(of.text).Build()).ToString()
	require.NoError(s, err)
	require.Equal(s, of.sha, sha)
}

func (s *server) do(cmd rueidis.Completed) rueidis.RedisResult {
	return s.client.Do(context.Background(), cmd)
}

// run carries out a command at now, or by the server's clock where that is 0.
func (s *server) run(c *command, now int64) rueidis.RedisMessage {
	s.Helper()
	if now != 0 {
		c.at(now)
	}
	reply, err := s.do(c.evalsha(s.client.B())).ToMessage()
	require.NoError(s, err)
	return reply
}

// ask carries out asks in one call.
func (s *server) ask(now int64, asks ...ask) []answer {
	s.Helper()
	c := newCall(asks...)
	return c.answers(s.run(&c.command, now))
}

// cancel gives a place back and reports whether it was.
func (s *server) cancel(now int64, p *place) bool {
	s.Helper()
	given, err := cancelled(s.run(cancelAll([]*place{p}), now), 1)
	require.NoError(s, err)
	return given[0]
}

// value is what is stored under a key, and when it expires, in ms; "" and -2 if
// nothing is.
func (s *server) value(key string) (string, int64) {
	s.Helper()
	value, err := s.do(s.client.B().Get().Key(key).Build()).ToString()
	if !rueidis.IsRedisNil(err) {
		require.NoError(s, err)
	}
	expires, err := s.do(s.client.B().Pexpiretime().Key(key).Build()).ToInt64()
	require.NoError(s, err)
	return value, expires
}
