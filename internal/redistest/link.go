package redistest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is a connection through a proxy.
type link struct {
	client net.Conn
	torn   atomic.Bool // bytes are missing: it must not be used any more
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	server net.Conn // nil until it is dialed
	closed bool
}

func newLink(client net.Conn) *link {
	l := &link{client: client}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// dial connects the link to the target. It reports whether that worked.
func (l *link) dial(target string) bool {
	server, err := (&net.Dialer{}).DialContext(l.ctx, "tcp", target)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		discard(server)
		return false
	}
	l.server = server
	return true
}

// rest waits for d, or until changed is closed. It reports false if the link
// was closed before.
func (l *link) rest(d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-l.ctx.Done():
		return false
	}
	return true
}

// pump moves bytes from src through the gate to dst, until one of them ends.
func (l *link) pump(g *gate, dst, src net.Conn) {
	defer l.close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := src.Read(buffer)
		if n > 0 && !g.pass(l, dst, buffer[:n]) || err != nil {
			return
		}
	}
}

// close closes both sides, at once, so that whoever reads there sees it.
func (l *link) close() {
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	discard(l.client)
	if l.server != nil {
		discard(l.server)
	}
}
