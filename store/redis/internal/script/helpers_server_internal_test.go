package script

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// load makes all scripts known to the server, both with its own clock and with
// that of a test.
func (s *server) load() {
	for _, of := range []scripts{bucketScripts, meterScripts, queueScripts, fixedWindowScripts, slidingWindowScripts} {
		s.loadScript(of.one)
		s.loadScript(of.many)
	}
	s.loadScript(peekScript)
	s.loadScript(cancelScript)
	s.loadScript(resetScript)
}

func (s *server) loadScript(of *script) {
	for _, of := range []*script{of, timed(of)} {
		sha, err := s.do(s.client.B().ScriptLoad().Script(of.text).Build()).ToString()
		require.NoError(s, err)
		require.Equal(s, of.sha, sha)
	}
}

// timed returns a script whose clock is its last argument.
func timed(of *script) *script {
	if made, ok := timedScripts.Load(of); ok {
		return made.(*script)
	}
	clock := strings.Replace(luaClock, "local time = call('TIME')\nlocal now = time[1] * 1000000 + time[2]\n", "local now = table.remove(ARGV) + 0\n", 1)
	if clock == luaClock {
		panic("clock.lua has another clock now")
	}
	made, _ := timedScripts.LoadOrStore(of, newScript(strings.Replace(of.text, luaClock, clock, 1)))
	return made.(*script)
}

var timedScripts sync.Map

// at returns c as it is carried out at now, in µs, or by the clock of the server
// if now is 0.
func at(c Command, now int64) *Command {
	if now == 0 || c.script == resetScript {
		return &c
	}
	c.script = timed(c.script)
	c.args = append(slices.Clip(c.args), strconv.FormatInt(now, 10))
	return &c
}

func (s *server) do(cmd rueidis.Completed) rueidis.RedisResult {
	return s.client.Do(context.Background(), cmd)
}

// run carries out a command at now.
func (s *server) run(c *Command, now int64) rueidis.RedisMessage {
	s.Helper()
	reply, err := s.do(at(*c, now).Evalsha(s.client.B())).ToMessage()
	require.NoError(s, err)
	return reply
}

// ask carries out operations in one call.
func (s *server) ask(now int64, operations ...Operation) []Answer {
	s.Helper()
	c := NewCall(operations...)
	return c.Answers(s.run(&c.Command, now))
}

// cancel gives a place back and reports whether it was.
func (s *server) cancel(now int64, p *Place) bool {
	s.Helper()
	given, err := Cancelled(s.run(Cancel([]*Place{p}), now), 1)
	require.NoError(s, err)
	return given[0]
}

// value returns what is stored under a key, and when it expires, in ms; "" and -2
// if nothing is.
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
