package redis_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(redistest.Main(m),
		// For 5 s, the client of a cluster keeps connections to nodes that it no
		// longer needs, in a goroutine that Close does not end.
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient).redirectOrNew.func1"),
		// It also waits a second before it looks at the nodes again.
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"))
}
