package script

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(redistest.Main(m),
		// The client of a cluster keeps connections to nodes that it does not
		// need any more for 5 s, in a goroutine that Close does not end.
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"))
}
