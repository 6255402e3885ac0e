package script

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(redistest.Main(m))
}
