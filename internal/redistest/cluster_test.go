package redistest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestSlot(t *testing.T) {
	t.Parallel()
	node := redistest.SharedCluster(t).Nodes()[0]
	for _, key := range []string{
		"", "a", "123456789", "user:1000", "{user:1000}.following", "foo{}{bar}", "foo{{bar}}zap",
		"foo{bar}{zap}", "{", "}", "{}", "}{a}", "{a", "ключ", "a{б}c",
	} {
		require.EqualValues(t, node.Do(t, "CLUSTER", "KEYSLOT", key), redistest.Slot(key), key)
	}
}

func TestAClusterServesAllSlots(t *testing.T) {
	t.Parallel()
	c := redistest.SharedCluster(t)
	require.Len(t, c.Nodes(), 6)
	require.Equal(t, "redis+cluster://"+strings.Join(c.Addrs(), ","), c.URL())
	masters := c.Masters(t)
	require.Len(t, masters, 3)
	require.Equal(t, c.Nodes()[:3], masters)
	for _, slot := range []int{0, 5460, 5461, 10921, 10922, 16383} {
		owner, replica := c.Owner(t, slot), c.Replica(t, slot)
		require.Contains(t, masters, owner)
		require.NotContains(t, masters, replica)
		require.Contains(t, replica.Do(t, "INFO", "replication"), "master_link_status:up")
	}
	for _, node := range c.Nodes() {
		info := node.Do(t, "CLUSTER", "INFO")
		require.Contains(t, info, "cluster_state:ok")
		require.Contains(t, info, "cluster_slots_ok:16384")
		require.Contains(t, info, "cluster_known_nodes:6")
	}

	key := "cluster:key"
	owner := c.Owner(t, redistest.Slot(key))
	for _, master := range masters {
		_, err := master.Command("SET", key, "value")
		if master == owner {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", redistest.Slot(key), owner.Addr()))
		}
	}
	require.Contains(t, failure(func(t testing.TB) { c.Owner(t, redistest.Slots) }), "no slot 16384")
}

func TestAReplicaTakesOver(t *testing.T) {
	t.Parallel()
	const key = "key"
	slot := redistest.Slot(key)
	c := redistest.StartCluster(t)
	replica := c.Replica(t, slot)
	c.Owner(t, slot).Do(t, "SET", key, "value")
	awaitInSlot(t, replica, slot, 1)

	old := c.KillMaster(t, slot)
	require.Zero(t, old.PID())
	require.Same(t, replica, c.AwaitFailover(t, slot, old))
	require.Equal(t, "value", replica.Do(t, "GET", key))
	require.Nil(t, c.Replica(t, slot))
	require.Len(t, c.Masters(t), 3)
	require.Contains(t, failure(func(t testing.TB) { c.Failover(t, slot) }), "no replica")

	old.Start(t)
	c.AwaitReplicas(t)
	require.Same(t, replica, c.Owner(t, slot))
	require.Same(t, old, c.Replica(t, slot))

	// And back again, with nothing wrong.
	require.Same(t, replica, c.Failover(t, slot))
	require.Same(t, old, c.AwaitFailover(t, slot, replica))
	require.Equal(t, "value", old.Do(t, "GET", key))
}

// awaitInSlot waits until a node has so many keys in a slot.
func awaitInSlot(t *testing.T, node *redistest.Server, slot, keys int) {
	t.Helper()
	eventually(t, "keys at "+node.Addr(), func() bool {
		return node.Do(t, "CLUSTER", "COUNTKEYSINSLOT", fmt.Sprint(slot)) == int64(keys)
	})
}

func TestASlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.WithTLS(), redistest.WithUser("anna", "secret", "~*", "+@all"))
	require.Equal(t, "rediss+cluster://anna:secret@"+strings.Join(c.Addrs(), ","), c.URL())
	const keys = 250
	slot := redistest.Slot("{tag}")
	key := func(i int) string { return fmt.Sprintf("{tag}%d", i) }
	from := c.Owner(t, slot)
	for i := range keys {
		from.Do(t, "SET", key(i), fmt.Sprint(i), "PX", "600000")
	}
	to := c.Masters(t)[0]
	if to == from {
		to = c.Masters(t)[1]
	}

	m := c.BeginMigration(t, slot, to)
	require.Equal(t, "0", from.Do(t, "GET", key(0)))
	_, err := from.Command("GET", "{tag}new")
	require.EqualError(t, err, fmt.Sprintf("ASK %d %s", slot, to.Addr()))
	_, err = to.Command("GET", key(0))
	require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", slot, from.Addr()))
	m.MoveKeys(t)
	awaitInSlot(t, from, slot, 0)
	awaitInSlot(t, to, slot, keys)
	m.Finish(t)

	require.Same(t, to, c.Owner(t, slot))
	for i := range keys {
		require.Equal(t, fmt.Sprint(i), to.Do(t, "GET", key(i)))
	}
	require.Positive(t, to.Do(t, "PTTL", key(0)))
	_, err = from.Command("GET", key(0))
	require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", slot, to.Addr()))

	c.MigrateSlot(t, slot, from)
	require.Same(t, from, c.Owner(t, slot))
	require.Equal(t, "7", from.Do(t, "GET", key(7)))
	c.AwaitReplicas(t)
}
