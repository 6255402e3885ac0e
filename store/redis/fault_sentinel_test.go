package redis_test

import (
	"testing"

	"github.com/throttled-go/throttled/internal/redistest"
)

// TestSurvivesFailoverUnderSentinel: the client finds the promoted replica after
// a crash and after a planned failover. Only what the old master had not passed
// on is lost.
func TestSurvivesFailoverUnderSentinel(t *testing.T) {
	t.Parallel()
	set := redistest.StartSentinel(t)
	l := startLoad(t, openStore(t, set.URL(), brief()), "a", "b")
	underLoad(l, 2, func() {
		old := set.KillMaster(t)
		l.fails()
		set.AwaitFailover(t, old)
		l.served()
		set.Rejoin(t, old)
		l.served()

		old = set.Failover(t)
		set.AwaitFailover(t, old)
	})
	l.notTwice(set.URL())
	expires(t, set.Master(t))
}
