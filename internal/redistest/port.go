package redistest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range out of which systems give ports to
// outgoing connections (Linux: from 32768 up). From inside it, a client that
// redials while its server is down would be given the server's own port sooner
// or later, connect to itself, and keep the server from coming back.
//
// A node of a cluster also listens busOffset above its port. Every port is
// claimed there as well, so that there is one rule for all.
const (
	firstPort = 11000
	lastPort  = 21999
	busOffset = 10000
)

// errPortTaken says that somebody else took a port after it was seen free.
var errPortTaken = errors.New("redistest: port taken")

// claim is the right to a port, also while nobody listens there: a server that
// is down comes back to it. Tests of other packages run at the same time in
// processes of their own, so the sign of a claim is one that all see and that
// goes away with its holder: the UDP port of the same number is bound.
type claim struct {
	port  int
	signs []net.PacketConn
}

// claimPort claims a port on which nobody listens. A program that knows
// nothing of claims may still take it: see errPortTaken and again.
func claimPort() (*claim, error) {
	for range 1000 {
		c := &claim{port: firstPort + rand.IntN(lastPort-firstPort+1)}
		if c.take(c.port) && c.take(c.port+busOffset) {
			return c, nil
		}
		c.release()
	}
	return nil, errors.New("redistest: no free port found")
}

// take puts up the sign at a port, and then looks whether anybody listens. It
// does not look first: what belongs to others must be left alone.
func (c *claim) take(port int) bool {
	sign, err := net.ListenPacket("udp", loopback(port))
	if err != nil {
		return false
	}
	c.signs = append(c.signs, sign)
	listener, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// release gives the port up; it does no harm to do so twice.
func (c *claim) release() {
	for _, sign := range c.signs {
		discard(sign)
	}
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// again calls start anew, a few times, as long as it fails by errPortTaken.
func again[T any](start func() (T, error)) (T, error) {
	for range 4 {
		value, err := start()
		if !errors.Is(err, errPortTaken) {
			return value, err
		}
	}
	return start()
}
