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

// Failover tells the replica of the master that serves a slot to take over,
// though nothing is wrong with the master, which it returns, without waiting
// for that to be done; see [Cluster.AwaitFailover]. By design no write that a
// master acknowledged is lost with it.
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

// AwaitFailover waits until all nodes that are up agree that another master
// than old serves the slot, and that all is well. It returns that master.
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
// step, as it is after a node that was killed is started again: the cluster is
// whole and may fail over anew.
func (c *Cluster) AwaitReplicas(t testing.TB) {
	t.Helper()
	must(t, poll(c.ready))
}
