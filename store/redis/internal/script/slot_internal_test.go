package script

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

// TestSlots compares with a cluster, which knows best.
func TestSlots(t *testing.T) {
	node := redistest.SharedCluster(t).Nodes()[0]
	for _, key := range []string{
		"a", "123456789", "foo{bar}", "{bar}", "foo{}bar", "foo{{bar}}zap", "foo{bar}{zap}", "{", "}{", "}{a}", "{a", "a}",
		"throttled:gcra:100/s:user:42", "throttled:gcra:100/s:{user}:42", "ключ", "\x00\xff",
	} {
		require.EqualValues(t, node.Do(t, "CLUSTER", "KEYSLOT", key), slotOf(key), "%q", key)
	}
}
