package redistest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range from which systems give ports to outgoing
// connections (Linux: from 32768 up). Inside that range, a client that redials
// while its server is down would sooner or later be given the server's own port,
// connect to itself, and keep the server from coming back.
//
// A node of a cluster also listens busOffset above its port. Every port is
// claimed there as well, so that one rule serves all.
const (
	firstPort = 11000
	lastPort  = 21999
	busOffset = 10000
)

// errPortTaken is returned if another program took a port after it was seen free.
var errPortTaken = errors.New("redistest: port taken")

// claim is the right to a port. It lasts while nobody listens there, so that a
// server that is down can come back to its port. Tests of other packages run at
// the same time in processes of their own, so a claim must be seen by all and end
// with its holder: it binds the UDP port of the same number.
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

// take binds the UDP port, and only then checks that nobody listens on the TCP
// port. So it never listens at a port that others have claimed.
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

// release gives up the port. It may be called twice.
func (c *claim) release() {
	for _, sign := range c.signs {
		discard(sign)
	}
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
