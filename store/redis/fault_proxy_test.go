package redis_test

import (
	"testing"
	"time"

	"github.com/throttled-go/throttled/internal/redistest"
)

// TestSurvivesTheNetwork: whatever a network does, callers are served again
// afterwards, and nothing is charged twice.
func TestSurvivesTheNetwork(t *testing.T) {
	for _, c := range networkTroubles {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, proxy := proxied(t)
			l := startLoad(t, openThrough(t, proxy, brief()), "a", "b")
			underLoad(l, 0, func() {
				c.strike(t, l, proxy)
				proxy.Resume(t)
			})
			l.exact(server.URL())
			expires(t, server)
		})
	}
}

var networkTroubles = []struct {
	name   string
	strike func(t *testing.T, l *load, p *redistest.Proxy)
}{
	{"delay", func(_ *testing.T, l *load, p *redistest.Proxy) {
		p.Delay(redistest.Both, 5*time.Millisecond)
		l.served()
	}},
	{"delay beyond the timeout", func(_ *testing.T, l *load, p *redistest.Proxy) {
		p.Delay(redistest.Replies, time.Second)
		l.fails()
	}},
	{"cut requests", func(t *testing.T, l *load, p *redistest.Proxy) { cutAfter(t, l, p, redistest.Requests) }},
	{"cut replies", func(t *testing.T, l *load, p *redistest.Proxy) { cutAfter(t, l, p, redistest.Replies) }},
	{"hold replies", func(_ *testing.T, l *load, p *redistest.Proxy) {
		p.Hold(redistest.Replies)
		l.fails()
	}},
	{"hold requests", func(_ *testing.T, l *load, p *redistest.Proxy) {
		p.Hold(redistest.Requests)
		l.fails()
	}},
	{"swallow replies", func(_ *testing.T, l *load, p *redistest.Proxy) {
		p.Swallow(redistest.Replies)
		l.fails()
	}},
	{"black hole", func(_ *testing.T, l *load, p *redistest.Proxy) {
		black(p)
		l.fails()
		l.fails()
	}},
	{"refuse", func(_ *testing.T, l *load, p *redistest.Proxy) {
		refuse(p)
		l.fails()
	}},
}

// cutAfter cuts all connections after so many bytes, again and again.
func cutAfter(t *testing.T, l *load, p *redistest.Proxy, dir redistest.Direction) {
	for _, n := range []int64{0, 1, 7, 100, 1000, 5000} {
		before := p.Accepted()
		p.CutAfter(dir, n)
		eventually(t, "a new connection", func() bool { return p.Accepted() > before })
		l.served()
	}
}
