package redis

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"
	"golang.org/x/sync/singleflight"
)

// connection gives the client of a store: that of the user, or one of its own
// that is made as soon as Redis can be reached.
type connection struct {
	// dial makes the client. It is nil where the client is the user's. It is a
	// function, and not the settings, because they hold passwords, and whoever
	// prints a store must not print them.
	dial func() (rueidis.Client, error)

	used    atomic.Pointer[rueidis.Client]
	dialing singleflight.Group

	mu     sync.Mutex
	closed bool
}

// given returns the connection of a client that is the user's.
func given(client rueidis.Client) *connection {
	c := &connection{}
	c.used.Store(&client)
	return c
}

// made returns the client. Where there is none yet it is made, by one caller
// for all, which goes on when ctx ends.
func (c *connection) made(ctx context.Context) (rueidis.Client, error) {
	if made := c.used.Load(); made != nil {
		return *made, nil
	}
	dialed := c.dialing.DoChan("", func() (any, error) { return nil, c.connect() })
	select {
	case result := <-dialed:
		if result.Err != nil {
			return nil, result.Err
		}
		return *c.used.Load(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connect makes the client, unless another caller just did.
func (c *connection) connect() error {
	if c.used.Load() != nil {
		return nil
	}
	client, err := c.dial()
	if err != nil {
		if client != nil { // some clients are made all the same
			client.Close()
		}
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		client.Close()
		return rueidis.ErrClosing
	}
	c.used.Store(&client)
	return nil
}

// close closes the client, if it is our own, also one that is being made.
func (c *connection) close() {
	if c.dial == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if made := c.used.Load(); made != nil {
		(*made).Close()
	}
}
