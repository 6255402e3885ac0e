package redistest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/hashslot"
	"github.com/throttled-go/throttled/internal/redistest"
)

// TestSlots compares the arithmetic of slots with a cluster, which knows best.
func TestSlots(t *testing.T) {
	t.Parallel()
	node := redistest.SharedCluster(t).Nodes()[0]
	for _, key := range []string{
		"", "a", "123456789", "user:1000", "{user:1000}.following", "foo{}{bar}", "foo{{bar}}zap",
		"foo{bar}{zap}", "{", "}", "{}", "}{", "}{a}", "{a", "a}", "ключ", "a{б}c", "\x00\xff",
		"throttled:gcra:100/s:user:42", "throttled:gcra:100/s:{user}:42",
	} {
		require.EqualValues(t, node.Do(t, "CLUSTER", "KEYSLOT", key), hashslot.Of(key), "%q", key)
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
	owner := c.Owner(t, int(hashslot.Of(key)))
	for _, master := range masters {
		_, err := master.Command("SET", key, "value")
		if master == owner {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", hashslot.Of(key), owner.Addr()))
		}
	}
	require.Contains(t, failure(func(t testing.TB) { c.Owner(t, hashslot.Count) }), "no slot 16384")
}

// TestASlotMoves moves a slot whose keys take more than one call, between masters
// that speak TLS and ask for a user.
func TestASlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, redistest.WithTLS(), redistest.WithUser("anna", "secret", "~*", "+@all"))
	require.Equal(t, "rediss+cluster://anna:secret@"+strings.Join(c.Addrs(), ","), c.URL())
	const keys = 150
	slot := int(hashslot.Of("{tag}"))
	key := func(i int) string { return fmt.Sprintf("{tag}%d", i) }
	from := c.Owner(t, slot)
	for i := range keys {
		from.Do(t, "SET", key(i), fmt.Sprint(i), "PX", "600000")
	}
	to := c.Masters(t)[0]
	require.NotSame(t, from, to)

	m := c.BeginMigration(t, slot, to)
	require.Equal(t, "0", from.Do(t, "GET", key(0)))
	_, err := from.Command("GET", "{tag}new")
	require.EqualError(t, err, fmt.Sprintf("ASK %d %s", slot, to.Addr()))
	_, err = to.Command("GET", key(0))
	require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", slot, from.Addr()))
	m.MoveKeys(t)
	m.Finish(t)

	require.Same(t, to, c.Owner(t, slot))
	for i := range keys {
		require.Equal(t, fmt.Sprint(i), to.Do(t, "GET", key(i)))
	}
	require.Positive(t, to.Do(t, "PTTL", key(0)))
	_, err = from.Command("GET", key(0))
	require.EqualError(t, err, fmt.Sprintf("MOVED %d %s", slot, to.Addr()))
}
