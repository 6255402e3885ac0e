package redistest

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/throttled-go/throttled/internal/hashslot"
)

const masters = 3

// Cluster is three masters with a replica each. A replica takes over when its
// master has been gone for a second, which takes two to three seconds in all. All
// methods are safe for concurrent use.
type Cluster struct {
	settings
	nodes []*Server          // the masters first, in the order of their slots, then the replica of each
	ids   map[*Server]string // what CLUSTER MYID says
}

// StartCluster starts a cluster, which is stopped when the test ends. It is ready
// for a failover: all nodes agree on all slots, and all replicas are in step.
func StartCluster(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	return forTest(t, startCluster, opts)
}

func startCluster(opts []Option) (*Cluster, error) {
	return launched(opts, func(set settings) (*Cluster, error) { return &Cluster{settings: set, ids: map[*Server]string{}}, nil })
}

func (c *Cluster) launch() error {
	// The port of the bus is not set, because cluster-port needs Redis 7. It is
	// always busOffset above the other port, and a claim covers both.
	lines := []string{
		"cluster-enabled yes",
		"cluster-config-file nodes.conf",
		"cluster-node-timeout 1000",
		"cluster-replica-validity-factor 0",
	}
	for range 2 * masters {
		node, err := newServer(c.settings, lines...)
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, node)
	}
	if err := each(c.nodes, (*Server).launch); err != nil {
		return err
	}
	return c.form()
}

// form makes a cluster of nodes that do not know each other.
func (c *Cluster) form() error {
	for i, node := range c.nodes {
		id, err := node.text("CLUSTER", "MYID")
		if err != nil {
			return err
		}
		c.ids[node] = id
		// Left alone, the nodes would settle on different epochs one by one.
		if _, err := node.Command("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
	}
	for i, master := range c.nodes[:masters] {
		if _, err := master.Command(append([]string{"CLUSTER", "ADDSLOTS"}, share(i)...)...); err != nil {
			return err
		}
	}
	if err := c.meet(); err != nil {
		return err
	}
	for i, replica := range c.nodes[masters:] {
		if err := poll(func() error { return c.knows(replica, len(c.nodes)) }); err != nil {
			return err
		}
		if _, err := replica.Command("CLUSTER", "REPLICATE", c.ids[c.nodes[i]]); err != nil {
			return err
		}
	}
	return poll(c.ready)
}

// share returns the slots of the master with that number.
func share(number int) []string {
	var slots []string
	for slot := hashslot.Count * number / masters; slot < hashslot.Count*(number+1)/masters; slot++ {
		slots = append(slots, strconv.Itoa(slot))
	}
	return slots
}

// meet introduces every node to every other, because gossip alone takes longer.
func (c *Cluster) meet() error {
	for i, node := range c.nodes {
		for _, other := range c.nodes[i+1:] {
			_, err := node.Command("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(other.port))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// knows returns nil if the node is connected to all nodes of the cluster.
func (c *Cluster) knows(node *Server, count int) error {
	text, err := node.text("CLUSTER", "NODES")
	if err != nil {
		return err
	}
	// id address flags master ping pong epoch link slots…
	known := 0
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) >= 8 && f[7] == "connected" && !strings.Contains(f[2], "handshake") {
			known++
		}
	}
	if known != count {
		return fmt.Errorf("redistest: %s knows %d nodes of %d", node.Addr(), known, count)
	}
	return nil
}

// ready returns nil if all nodes are fine and see the same cluster, in which
// each master has a replica in step.
func (c *Cluster) ready() error {
	for _, node := range c.nodes {
		if err := c.knows(node, len(c.nodes)); err != nil {
			return err
		}
	}
	v, err := c.view()
	if err != nil {
		return err
	}
	for _, r := range v {
		if len(r.nodes) != 2 {
			return fmt.Errorf("redistest: %s has no replica yet", r.nodes[0].Addr())
		}
		if err := r.nodes[1].linked(); err != nil {
			return err
		}
	}
	return nil
}

// URL returns the redis+cluster:// or rediss+cluster:// URL with all nodes.
func (c *Cluster) URL() string {
	u := url.URL{
		Scheme: c.scheme() + "+cluster",
		User:   c.credentials(),
		Host:   strings.Join(c.Addrs(), ","),
	}
	return u.String()
}

// Addrs returns the addresses of all nodes.
func (c *Cluster) Addrs() []string { return addrs(c.nodes) }

// Nodes returns all nodes, whatever their roles are.
func (c *Cluster) Nodes() []*Server { return c.nodes }

func (c *Cluster) close() error { return each(c.nodes, (*Server).close) }
