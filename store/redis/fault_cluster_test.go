package redis_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/hashslot"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
)

// The keys of a load on a cluster: two share a slot.
const nextDoor, beside, elsewhere = "{door}1", "{door}2", "elsewhere"

// slot is where a cluster keeps the buckets of a key that has a hash tag.
var slot = int(hashslot.Of(nextDoor))

// TestSurvivesChangesOfACluster: slots move, with their keys in them, and masters
// give way to their replicas. Nothing that was charged is lost.
func TestSurvivesChangesOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	l := startLoad(t, openStore(t, c.URL(), brief()), nextDoor, beside, elsewhere)
	underLoad(l, 0, func() {
		old := c.Owner(t, slot)
		for _, to := range c.Masters(t) {
			if to != old {
				c.MigrateSlot(t, slot, to)
				l.served()
			}
		}
		m := c.BeginMigration(t, slot, old)
		l.served() // by both
		m.MoveKeys(t)
		l.served()
		m.Finish(t)
		l.served()

		master := c.Failover(t, slot)
		c.AwaitFailover(t, slot, master)
	})
	l.exact(c.URL())
	expires(t, c.Masters(t)...)
}

// TestSurvivesACrashInACluster: the client finds the replica of a master that is
// gone. Only what the master had not passed on is lost.
func TestSurvivesACrashInACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	l := startLoad(t, openStore(t, c.URL(), brief()), nextDoor, beside, elsewhere)
	underLoad(l, 1, func() {
		old := c.KillMaster(t, slot)
		l.fails()
		c.AwaitFailover(t, slot, old)
		l.served()
		old.Start(t)
		c.AwaitReplicas(t)
	})
	l.notTwice(c.URL())
	expires(t, c.Masters(t)...)
}

// TestAHotSlotMoves: while the keys of a slot are at two nodes, calls for several
// of them are refused there, and no caller notices.
func TestAHotSlotMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	l := limiterBy(t, openStore(t, c.URL(), redis.Options{Timeout: patience}), throttled.TokenBucket, slowly(1000))
	key := func(i int) string { return fmt.Sprintf("{door}%d", i) }
	const keys, calls = 16, 40
	for i := range keys / 2 { // these stay, and new ones are made where the slot moves to
		_, err := l.Limit(t.Context(), key(i))
		require.NoError(t, err)
	}
	for _, to := range c.Masters(t) {
		if to != c.Owner(t, slot) {
			c.BeginMigration(t, slot, to)
			break
		}
	}
	var group errgroup.Group
	for range 8 {
		for i := range keys {
			group.Go(func() error {
				for range calls {
					if _, err := l.Limit(t.Context(), key(i)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
	for i := range keys {
		require.GreaterOrEqual(t, used(t, l, key(i)), int64(8*calls))
		require.LessOrEqual(t, used(t, l, key(i)), int64(8*calls+1))
	}
}
