package redis_test

import (
	"testing"

	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

// lasting makes a server write to disk before it acknowledges, so that nothing is
// lost in a crash.
func lasting() redistest.Option { return redistest.WithConfig("appendonly yes", "appendfsync always") }

// TestSurvivesRestarts: a server that was stopped, or crashed with everything on
// disk, is used again when it is back, and grants nothing twice.
func TestSurvivesRestarts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, lasting())
	l := startLoad(t, openStore(t, server.URL(), brief()), "a", "b")
	underLoad(l, 0, func() {
		for _, down := range []func(testing.TB){server.Kill, server.Stop, server.Kill} {
			down(t)
			l.fails()
			server.Start(t)
			l.served()
		}
	})
	l.exact(server.URL())
	expires(t, server)
}

// TestSurvivesAmnesia: a server that comes back empty has forgotten what was
// charged, so the quota is admitted once more each time, and no more than that.
func TestSurvivesAmnesia(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := startLoad(t, openStore(t, server.URL(), brief()), "a", "b")
	underLoad(l, 1, func() {
		server.Kill(t)
		l.fails()
		server.Start(t)
	})
	expires(t, server)
}

// TestSurvivesScriptFlush: a script that is gone is sent again, and no caller
// notices.
func TestSurvivesScriptFlush(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := startLoad(t, openStore(t, server.URL(), redis.Options{Timeout: patience}), "a", "b")
	underLoad(l, 0, func() {
		for range 50 {
			server.Do(t, "SCRIPT", "FLUSH")
			l.served()
		}
	})
	l.exact(server.URL())
	if n := l.failures.Load(); n > 0 {
		t.Errorf("%d calls have failed", n)
	}
	expires(t, server)
}

// TestSurvivesClientKill: connections that the server closes are made again.
func TestSurvivesClientKill(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := startLoad(t, openStore(t, server.URL(), brief()), "a", "b")
	underLoad(l, 0, func() {
		for range 20 {
			server.Do(t, "CLIENT", "KILL", "TYPE", "normal")
			l.served()
		}
	})
	l.exact(server.URL())
	expires(t, server)
}

// TestSurvivesAPause: a server that stops in its tracks answers later, and some
// callers have left by then.
func TestSurvivesAPause(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	l := startLoad(t, openStore(t, server.URL(), brief()), "a", "b")
	underLoad(l, 0, func() {
		server.Pause(t)
		l.fails()
		server.Resume(t)
	})
	l.exact(server.URL())
	expires(t, server)
}
