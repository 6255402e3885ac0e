package redistest

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/throttled-go/throttled/internal/hashslot"
)

// span is a range of slots and the nodes that serve it, the master first.
type span struct {
	first, last int
	nodes       []*Server
}

// Masters returns those nodes that serve slots, in the order of their first
// slots, as soon as all nodes that are up agree.
func (c *Cluster) Masters(t testing.TB) []*Server {
	t.Helper()
	var list []*Server
	for _, r := range c.await(t) {
		if !slices.Contains(list, r.nodes[0]) {
			list = append(list, r.nodes[0])
		}
	}
	return list
}

// Owner returns the master that serves a slot, as soon as all nodes that are
// up agree.
func (c *Cluster) Owner(t testing.TB, slot int) *Server {
	t.Helper()
	return c.around(t, slot).nodes[0]
}

// Replica returns the replica of the master that serves a slot, nil if it has
// none, as soon as all nodes that are up agree.
func (c *Cluster) Replica(t testing.TB, slot int) *Server {
	t.Helper()
	if nodes := c.around(t, slot).nodes; len(nodes) > 1 {
		return nodes[1]
	}
	return nil
}

// around returns the span of a slot.
func (c *Cluster) around(t testing.TB, slot int) span {
	t.Helper()
	r, ok := among(c.await(t), slot)
	if !ok {
		t.Fatalf("redistest: no slot %d", slot)
	}
	return r
}

func among(v []span, slot int) (span, bool) {
	for _, r := range v {
		if r.first <= slot && slot <= r.last {
			return r, true
		}
	}
	return span{}, false
}

// await waits until all nodes that are up have the same view, and returns it.
func (c *Cluster) await(t testing.TB) []span {
	t.Helper()
	var v []span
	must(t, poll(func() (err error) {
		v, err = c.view()
		return err
	}))
	return v
}

// view returns the spans, in order, if all nodes that are up see the same ones
// and report that the cluster is ok, which means that all slots are served.
func (c *Cluster) view() ([]span, error) {
	var all []span
	for _, node := range up(c.nodes) {
		info, err := node.text("CLUSTER", "INFO")
		if err != nil {
			return nil, err
		}
		if state := fields(info)["cluster_state"]; state != "ok" {
			return nil, fmt.Errorf("redistest: to %s the state of the cluster is %s", node.Addr(), state)
		}
		v, err := c.seen(node)
		if err != nil {
			return nil, err
		}
		if all != nil && !slices.EqualFunc(all, v, span.equal) {
			return nil, errors.New("redistest: the nodes do not agree on the slots")
		}
		all = v
	}
	return all, covers(all)
}

func (r span) equal(other span) bool {
	return r.first == other.first && r.last == other.last && slices.Equal(r.nodes, other.nodes)
}

// covers returns nil if the spans leave out no slot. It requires them in order.
func covers(v []span) error {
	next := 0
	for _, r := range v {
		if r.first != next {
			break
		}
		next = r.last + 1
	}
	if next != hashslot.Count {
		return fmt.Errorf("redistest: nobody serves slot %d", next)
	}
	return nil
}

// seen returns the spans that one node reports by CLUSTER SLOTS, in order.
func (c *Cluster) seen(node *Server) ([]span, error) {
	reply, err := node.list("CLUSTER", "SLOTS")
	if err != nil {
		return nil, err
	}
	var v []span
	for _, entry := range reply {
		r, err := c.parse(entry)
		if err != nil {
			return nil, err
		}
		v = append(v, r)
	}
	slices.SortFunc(v, func(a, b span) int { return a.first - b.first })
	return v, nil
}

// parse reads one entry: [first, last, [ip, port, …] of the master, of a replica, …].
func (c *Cluster) parse(entry any) (span, error) {
	values, _ := entry.([]any)
	if len(values) < 3 {
		return span{}, fmt.Errorf("redistest: CLUSTER SLOTS has an entry %v", entry)
	}
	first, _ := values[0].(int64)
	last, _ := values[1].(int64)
	r := span{first: int(first), last: int(last)}
	for _, value := range values[2:] {
		at, _ := value.([]any)
		if len(at) < 2 {
			return span{}, fmt.Errorf("redistest: CLUSTER SLOTS has a node %v", value)
		}
		// A node does not know its own address until another one has met it.
		node := find(c.nodes, net.JoinHostPort(fmt.Sprint(at[0]), fmt.Sprint(at[1])))
		if node == nil {
			return span{}, fmt.Errorf("redistest: CLUSTER SLOTS has a node %v", at)
		}
		r.nodes = append(r.nodes, node)
	}
	slices.SortFunc(r.nodes[1:], func(a, b *Server) int { return a.port - b.port })
	return r, nil
}
