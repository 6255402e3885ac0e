package redistest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

// Migration is a slot on its way from one master to another. Until Finish, the
// old owner serves the keys that it still has and redirects everybody else to the
// new one by ASK.
type Migration struct {
	cluster  *Cluster
	slot     int
	from, to *Server
}

// MigrateSlot moves a slot and its keys to another master while clients use
// it, and returns when all nodes agree on the new owner.
func (c *Cluster) MigrateSlot(t testing.TB, slot int, to *Server) {
	t.Helper()
	m := c.BeginMigration(t, slot, to)
	m.MoveKeys(t)
	m.Finish(t)
}

// BeginMigration opens a slot for a move to another master.
func (c *Cluster) BeginMigration(t testing.TB, slot int, to *Server) *Migration {
	t.Helper()
	m := &Migration{c, slot, c.Owner(t, slot), to}
	m.set(t, to, "IMPORTING", m.from)
	m.set(t, m.from, "MIGRATING", to)
	return m
}

// MoveKeys moves all keys that the old owner still has. New ones are made at
// the new owner, so none is left afterwards.
func (m *Migration) MoveKeys(t testing.TB) {
	t.Helper()
	for {
		keys, err := m.from.list("CLUSTER", "GETKEYSINSLOT", strconv.Itoa(m.slot), "100")
		must(t, err)
		if len(keys) == 0 {
			return
		}
		args := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(m.to.port), "", "0", "5000"}
		args = append(args, "AUTH2", m.to.admin.name, m.to.admin.password, "KEYS")
		for _, key := range keys {
			args = append(args, fmt.Sprint(key))
		}
		m.from.Do(t, args...)
	}
}

// Finish gives the slot to the new owner and returns when all nodes agree. The
// old owner must have no keys left.
func (m *Migration) Finish(t testing.TB) {
	t.Helper()
	// The new owner comes first, or nobody would serve the slot for a while. The
	// other masters would hear of it, but that takes longer.
	m.set(t, m.to, "NODE", m.to)
	m.set(t, m.from, "NODE", m.to)
	for _, node := range m.cluster.Masters(t) {
		if !slices.Contains([]*Server{m.from, m.to}, node) {
			m.set(t, node, "NODE", m.to)
		}
	}
	must(t, poll(func() error {
		v, err := m.cluster.view()
		if err != nil {
			return err
		}
		if r, ok := among(v, m.slot); !ok || r.nodes[0] != m.to {
			return fmt.Errorf("redistest: slot %d has not moved", m.slot)
		}
		return nil
	}))
}

// set sets the state of the slot at a node, with regard to another node.
func (m *Migration) set(t testing.TB, node *Server, state string, other *Server) {
	t.Helper()
	node.Do(t, "CLUSTER", "SETSLOT", strconv.Itoa(m.slot), state, m.cluster.ids[other])
}
