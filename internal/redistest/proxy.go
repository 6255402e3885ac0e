package redistest

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Direction is one of the two ways through a [Proxy], or both.
type Direction uint8

// The directions: from the client, to it, and both of these.
const (
	Requests Direction = 1 << iota
	Replies
	Both = Requests | Replies
)

// Proxy is a TCP proxy that can cause trouble. Faults add up until Resume removes
// them all, and apply to open connections and new ones alike. Once the method
// that sets a fault has returned, only what the fault allows passes. All methods
// are safe for concurrent use.
type Proxy struct {
	*claim
	target            string
	requests, replies *gate

	door     sync.Mutex // held while the listener is opened or closed
	listener net.Listener
	stopped  bool
	guard    sync.WaitGroup // the goroutine that accepts

	mu       sync.Mutex
	links    map[*link]struct{}
	accepted int64
	serving  sync.WaitGroup // the goroutines of the links
}

// StartProxy starts a proxy that passes every connection on to target, a host
// and a port. It is stopped when the test ends.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := again(func() (*Proxy, error) { return startProxy(target) })
	must(t, err)
	t.Cleanup(p.Stop)
	return p
}

func startProxy(target string) (*Proxy, error) {
	c, err := claimPort()
	if err != nil {
		return nil, err
	}
	p := &Proxy{claim: c, target: target, links: map[*link]struct{}{}}
	p.requests, p.replies = newGate(p.Cut), newGate(p.Cut)
	if err := p.listen(); err != nil {
		c.release()
		return nil, err
	}
	return p, nil
}

// Addr returns the host and port of the proxy, which stay the same.
func (p *Proxy) Addr() string { return loopback(p.port) }

// Delay makes all bytes wait for d before they pass. What comes on a connection
// while other bytes wait there is delayed once more.
func (p *Proxy) Delay(dir Direction, d time.Duration) {
	p.set(dir, func(f *faults) { f.delay = d })
}

// Hold keeps all bytes until Resume, as a network does that loses packets and
// sends them again. If the client closes the connection meanwhile, replies that
// were held are lost; requests that were held still reach the server, late.
func (p *Proxy) Hold(dir Direction) {
	p.set(dir, func(f *faults) { f.hold = true })
}

// Swallow takes all bytes and passes none on: a black hole. A connection that
// lost some stays open until Resume, which cuts it, because the next reply would
// be taken for the one that is missing.
func (p *Proxy) Swallow(dir Direction) {
	p.set(dir, func(f *faults) { f.swallow = true })
}

// CutAfter lets n more bytes pass, over all connections together. The byte after
// them is lost and does what Cut does; then the fault is over. CutAfter(Replies,
// 0) loses the reply to something that the server has done.
func (p *Proxy) CutAfter(dir Direction, n int64) {
	p.set(dir, func(f *faults) { f.limited, f.budget = true, n })
}

// Cut closes all connections. New ones are let through.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
		delete(p.links, l)
	}
}

// Refuse makes new connections fail, as if nobody listened. Open ones stay; Cut
// afterwards closes them too.
func (p *Proxy) Refuse() {
	p.door.Lock()
	defer p.door.Unlock()
	p.shut()
}

// Resume removes all faults.
func (p *Proxy) Resume(t testing.TB) {
	t.Helper()
	p.open()
	must(t, p.listen())
}

// Stop closes the proxy and all its connections for good, and waits until its
// goroutines have ended.
func (p *Proxy) Stop() {
	p.door.Lock()
	p.shut()
	p.stopped = true
	p.door.Unlock()
	p.Cut()
	p.serving.Wait()
	p.release()
}

// Stopped returns how many bytes were held or swallowed since Resume. Once it
// is more than 0 for Replies, the server has done what was asked.
func (p *Proxy) Stopped(dir Direction) int64 {
	var n int64
	for _, g := range p.gates(dir) {
		g.mu.Lock()
		n += g.stopped
		g.mu.Unlock()
	}
	return n
}

// Connections returns how many connections are open.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Accepted returns how many connections have been accepted so far.
func (p *Proxy) Accepted() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted
}

func (p *Proxy) gates(dir Direction) []*gate {
	var gates []*gate
	if dir&Requests != 0 {
		gates = append(gates, p.requests)
	}
	if dir&Replies != 0 {
		gates = append(gates, p.replies)
	}
	return gates
}

func (p *Proxy) set(dir Direction, change func(*faults)) {
	for _, g := range p.gates(dir) {
		g.set(change)
	}
}

// open cuts the connections that lost bytes and opens both gates. No connection
// can write in between.
func (p *Proxy) open() {
	p.requests.mu.Lock()
	defer p.requests.mu.Unlock()
	p.replies.mu.Lock()
	defer p.replies.mu.Unlock()
	p.cutTorn()
	p.requests.open()
	p.replies.open()
}

func (p *Proxy) cutTorn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if l.torn.Load() {
			l.close()
			delete(p.links, l)
		}
	}
}

// listen starts to accept connections, unless that is done already or the proxy
// was stopped.
func (p *Proxy) listen() error {
	p.door.Lock()
	defer p.door.Unlock()
	if p.listener != nil || p.stopped {
		return nil
	}
	listener, err := net.Listen("tcp", p.Addr())
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	if err != nil {
		return err
	}
	p.listener = listener
	p.guard.Go(func() { p.accept(listener) })
	return nil
}

// shut stops accepting connections. None is accepted any more when it returns.
// Requires door held.
func (p *Proxy) shut() {
	if p.listener == nil {
		return
	}
	discard(p.listener)
	p.listener = nil
	p.guard.Wait()
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(5 * time.Millisecond) // out of files, perhaps
			continue
		}
		p.admit(newLink(client))
	}
}

func (p *Proxy) admit(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accepted++
	p.links[l] = struct{}{}
	p.serving.Go(func() { p.serve(l) })
}

// serve passes on what comes, both ways, until the link is closed.
func (p *Proxy) serve(l *link) {
	defer p.forget(l)
	if !l.dial(p.target) {
		return
	}
	var replies sync.WaitGroup
	replies.Go(func() { l.pump(p.replies, l.client, l.server) })
	l.pump(p.requests, l.server, l.client)
	replies.Wait()
}

func (p *Proxy) forget(l *link) {
	l.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}
