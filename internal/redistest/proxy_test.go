package redistest_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

// proxied returns a server that only this test uses, a proxy in front of it, and
// a connection through the proxy.
func proxied(t *testing.T) (*redistest.Server, *redistest.Proxy, *wire) {
	t.Helper()
	s := redistest.Start(t)
	p := redistest.StartProxy(t, s.Addr())
	w := dial(t, "tcp", p.Addr())
	require.Equal(t, "+PONG", w.ask(t, "PING"))
	return s, p, w
}

func TestAProxyPassesEverythingOn(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	value := strings.Repeat("x", 1<<20)
	s.Do(t, "SET", "key", value)
	require.Equal(t, fmt.Sprintf("$%d", len(value)), w.ask(t, "GET key"))
	text, err := w.line()
	require.NoError(t, err)
	require.Equal(t, value, text)

	var wg sync.WaitGroup
	for range 8 {
		c := dial(t, "tcp", p.Addr())
		wg.Go(func() {
			for range 100 {
				_, _ = io.WriteString(c, "INCR count\r\n")
				_, _ = c.line()
			}
		})
	}
	wg.Wait()
	require.Equal(t, "800", s.Do(t, "GET", "count"))
	require.Equal(t, 9, p.Connections())
	require.EqualValues(t, 9, p.Accepted())

	require.NoError(t, w.Close())
	eventually(t, "end of a connection", func() bool { return p.Connections() == 8 })
	p.Stop()
	p.Stop()
	require.Zero(t, p.Connections())
	_, err = net.Dial("tcp", p.Addr())
	require.Error(t, err)
	p.Resume(t)
	_, err = net.Dial("tcp", p.Addr())
	require.Error(t, err)
}

func TestAProxyDelays(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	p.Delay(redistest.Replies, time.Hour)
	w.send(t, "INCR count")
	eventually(t, "the request at the server", func() bool { return s.Do(t, "GET", "count") == "1" })
	require.True(t, w.silent(t))
	p.Delay(redistest.Replies, time.Millisecond)
	text, err := w.line()
	require.NoError(t, err)
	require.Equal(t, ":1", text)
	require.Equal(t, ":2", w.ask(t, "INCR count"))
	require.Zero(t, p.Stopped(redistest.Both))
	p.Resume(t)
	require.Equal(t, ":3", w.ask(t, "INCR count"))
	require.EqualValues(t, 1, p.Accepted())
}

func TestAProxyHoldsReplies(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	p.Hold(redistest.Replies)
	w.send(t, "INCR count")
	eventually(t, "reply held", func() bool { return p.Stopped(redistest.Replies) == int64(len(":1\r\n")) })
	require.Equal(t, "1", s.Do(t, "GET", "count"))
	require.True(t, w.silent(t))
	p.Resume(t)
	text, err := w.line()
	require.NoError(t, err)
	require.Equal(t, ":1", text)
	require.Equal(t, "+PONG", w.ask(t, "PING"))
	require.Zero(t, p.Stopped(redistest.Both))
}

func TestAProxyHoldsRequests(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	p.Hold(redistest.Requests)
	w.send(t, "INCR count")
	eventually(t, "request held", func() bool { return p.Stopped(redistest.Requests) > 0 })
	require.Nil(t, s.Do(t, "GET", "count"))
	require.NoError(t, w.Close())
	p.Resume(t)
	eventually(t, "the request at the server", func() bool { return s.Do(t, "GET", "count") == "1" })
	eventually(t, "end of the connection", func() bool { return p.Connections() == 0 })
}

func TestAProxySwallows(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	idle := dial(t, "tcp", p.Addr())
	require.Equal(t, "+PONG", idle.ask(t, "PING"))

	p.Swallow(redistest.Replies)
	w.send(t, "INCR count")
	eventually(t, "reply swallowed", func() bool { return p.Stopped(redistest.Replies) > 0 })
	require.Equal(t, "1", s.Do(t, "GET", "count"))
	require.True(t, w.silent(t))

	p.Resume(t)
	require.True(t, w.ended(), "what lost a reply must not go on")
	require.Equal(t, "+PONG", idle.ask(t, "PING"))

	p.Swallow(redistest.Both)
	fresh := dial(t, "tcp", p.Addr())
	fresh.send(t, "INCR count")
	eventually(t, "request swallowed", func() bool { return p.Stopped(redistest.Requests) > 0 })
	p.Resume(t)
	require.True(t, fresh.ended())
	require.Equal(t, "1", s.Do(t, "GET", "count"))
}

func TestAProxyCuts(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	other := dial(t, "tcp", p.Addr())
	require.Equal(t, "+PONG", other.ask(t, "PING"))
	p.Cut()
	require.Zero(t, p.Connections())
	require.True(t, w.ended())
	require.True(t, other.ended())
	require.Equal(t, "+PONG", dial(t, "tcp", p.Addr()).ask(t, "PING"))

	// One that is cut while it waits.
	p.Hold(redistest.Replies)
	w = dial(t, "tcp", p.Addr())
	w.send(t, "INCR count")
	eventually(t, "reply held", func() bool { return p.Stopped(redistest.Replies) > 0 })
	p.Cut()
	require.True(t, w.ended())
	require.Equal(t, "1", s.Do(t, "GET", "count"))
}

func TestAProxyCutsAfter(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)

	idle := dial(t, "tcp", p.Addr())
	require.Equal(t, "+PONG", idle.ask(t, "PING"))

	p.CutAfter(redistest.Replies, 0)
	w.send(t, "INCR count")
	require.True(t, w.ended())
	require.True(t, idle.ended())
	require.Equal(t, "1", s.Do(t, "GET", "count"), "the reply was lost, not the request")

	w = dial(t, "tcp", p.Addr()) // it struck once
	require.Equal(t, ":2", w.ask(t, "INCR count"))

	p.CutAfter(redistest.Replies, int64(len(":3\r\n:")))
	require.Equal(t, ":3", w.ask(t, "INCR count"))
	w.send(t, "INCR count")
	rest, _ := io.ReadAll(w.in)
	require.Equal(t, ":", string(rest))
	require.Equal(t, "4", s.Do(t, "GET", "count"))

	w = dial(t, "tcp", p.Addr())
	p.CutAfter(redistest.Requests, int64(len("INCR cou")))
	w.send(t, "INCR count")
	require.True(t, w.ended())
	require.Equal(t, "4", s.Do(t, "GET", "count"))

	w = dial(t, "tcp", p.Addr())
	p.CutAfter(redistest.Both, 0)
	p.Resume(t)
	require.Equal(t, ":5", w.ask(t, "INCR count"))
}

func TestAProxyRefuses(t *testing.T) {
	t.Parallel()
	_, p, w := proxied(t)
	p.Refuse()
	p.Refuse()
	_, err := net.Dial("tcp", p.Addr())
	require.Error(t, err)
	require.Equal(t, "+PONG", w.ask(t, "PING"), "open connections stay")
	p.Cut()
	require.True(t, w.ended())
	p.Resume(t)
	require.Equal(t, "+PONG", dial(t, "tcp", p.Addr()).ask(t, "PING"))
}

func TestAProxyOutlivesItsTarget(t *testing.T) {
	t.Parallel()
	s, p, w := proxied(t)
	s.Kill(t)
	require.True(t, w.ended())
	require.True(t, dial(t, "tcp", p.Addr()).ended())
	s.Start(t)
	require.Equal(t, "+PONG", dial(t, "tcp", p.Addr()).ask(t, "PING"))
}
