package redistest

import (
	"fmt"
	"testing"
)

// KillMaster kills the master that serves a slot and returns it, without
// waiting for its replica to take over; see [Cluster.AwaitFailover].
func (c *Cluster) KillMaster(t testing.TB, slot int) *Server {
	t.Helper()
	old := c.Owner(t, slot)
	old.Kill(t)
	return old
}

// Failover makes the replica of the master that serves a slot take over, though
// nothing is wrong with the master. It returns that master, without waiting for
// the replica; see [Cluster.AwaitFailover]. No write that a master acknowledged
// is lost.
func (c *Cluster) Failover(t testing.TB, slot int) *Server {
	t.Helper()
	r := c.around(t, slot)
	if len(r.nodes) < 2 {
		t.Fatalf("redistest: %s has no replica", r.nodes[0].Addr())
	}
	must(t, poll(func() error {
		_, err := r.nodes[1].Command("CLUSTER", "FAILOVER")
		return err
	}))
	return r.nodes[0]
}

// AwaitFailover waits until all nodes that are up agree that a master other than
// old serves the slot, and that all is well. It returns the new master.
func (c *Cluster) AwaitFailover(t testing.TB, slot int, old *Server) *Server {
	t.Helper()
	var master *Server
	must(t, poll(func() error {
		v, err := c.view()
		if err != nil {
			return err
		}
		r, ok := among(v, slot)
		if !ok || r.nodes[0] == old {
			return fmt.Errorf("redistest: %s still serves slot %d", old.Addr(), slot)
		}
		master = r.nodes[0]
		return nil
	}))
	return master
}

// AwaitReplicas waits until every node is up and every master has a replica in
// step, as after a killed node was started again. The cluster is then whole and
// can fail over again.
func (c *Cluster) AwaitReplicas(t testing.TB) {
	t.Helper()
	must(t, poll(c.ready))
}
