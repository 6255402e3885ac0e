package redistest

import (
	"math"
	"net"
	"sync"
	"time"
)

// gate passes on all bytes that go through a proxy in one direction. It writes
// them with mu held, so that nothing slips by once a fault is set.
type gate struct {
	cut func() // cuts all connections; called with mu held

	mu      sync.Mutex
	faults  faults
	stopped int64         // bytes held or swallowed
	changed chan struct{} // closed when the faults change
}

// faults are what a gate does to bytes; the zero value lets them pass.
type faults struct {
	delay   time.Duration
	hold    bool
	swallow bool
	limited bool  // cut when more than budget bytes come
	budget  int64 // if limited
}

func newGate(cut func()) *gate { return &gate{cut: cut, changed: make(chan struct{})} }

// set changes the faults.
func (g *gate) set(change func(*faults)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.faults)
	g.wake()
}

// open removes all faults. Requires mu held.
func (g *gate) open() {
	g.faults, g.stopped = faults{}, 0
	g.wake()
}

// wake makes everybody who waits look at the faults again. Requires mu held.
func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// pass writes data that came on the link to dst, when and if the faults allow it.
// It reports whether more may follow.
func (g *gate) pass(l *link, dst net.Conn, data []byte) bool {
	arrived, counted := time.Now(), false
	for {
		g.mu.Lock()
		if (g.faults.hold || g.faults.swallow) && !counted {
			g.stopped += int64(len(data))
			counted = true
		}
		if g.faults.swallow {
			l.torn.Store(true)
			g.mu.Unlock()
			return true
		}
		wait := g.faults.wait(time.Since(arrived))
		if wait <= 0 {
			ok := g.write(dst, data)
			g.mu.Unlock()
			return ok
		}
		changed := g.changed
		g.mu.Unlock()
		if !l.rest(wait, changed) {
			return false
		}
	}
}

// wait returns how much longer data must wait that came so long ago.
func (f faults) wait(ago time.Duration) time.Duration {
	if f.hold {
		return math.MaxInt64
	}
	return f.delay - ago
}

// write writes data, or as much of it as the budget allows, and then cuts.
// Requires mu held.
func (g *gate) write(dst net.Conn, data []byte) bool {
	over := g.faults.limited && int64(len(data)) > g.faults.budget
	if over {
		data = data[:g.faults.budget]
	}
	g.faults.budget -= int64(len(data))
	// A connection that takes no data for so long is given up.
	if dst.SetWriteDeadline(time.Now().Add(5*time.Second)) != nil {
		return false
	}
	_, err := dst.Write(data)
	if over {
		g.faults.limited = false
		g.cut()
	}
	return err == nil && !over
}
