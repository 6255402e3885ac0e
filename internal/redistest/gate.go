package redistest

import (
	"math"
	"net"
	"sync"
	"time"
)

// gate is what all bytes pass that go in one direction through a proxy. They
// are written with mu held: once a fault is set, nothing slips by.
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
	limited bool  // cut at the byte after budget others
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

// open takes all faults away. Requires mu held.
func (g *gate) open() {
	g.faults, g.stopped = faults{}, 0
	g.wake()
}

// wake has those who wait look at the faults anew. Requires mu held.
func (g *gate) wake() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// pass takes data that came on the link and writes them to dst, when and if
// the faults let it. It reports whether more may follow.
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

// wait is how much longer data must wait that came a while ago.
func (f faults) wait(ago time.Duration) time.Duration {
	if f.hold {
		return math.MaxInt64
	}
	return f.delay - ago
}

// write writes data, or as much of them as the budget allows; then it cuts.
// Requires mu held.
func (g *gate) write(dst net.Conn, data []byte) bool {
	over := g.faults.limited && int64(len(data)) > g.faults.budget
	if over {
		data = data[:g.faults.budget]
	}
	g.faults.budget -= int64(len(data))
	// Whoever does not read for so long is cut off rather than waited for.
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
