package async_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

// A channel that its owner has closed is the fault of the owner. Who happens to let
// the owner's call through has no part in it: the panic is on a goroutine of its own.
func TestAClosedChannelIsTheFaultOfItsOwner(t *testing.T) {
	const inside = "THROTTLED_TEST_CLOSED"
	if os.Getenv(inside) != "" {
		closeWhileACallIsInFlight(t)
		return
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"=1", "GOTRACEBACK=single")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "panic: send on closed channel")
	assert.NotContains(t, string(out), "letsThrough", "the innocent goroutine")
}

func closeWhileACallIsInFlight(t *testing.T) {
	l, err := async.New(throttled.Config{Quota: throttled.PerHour(1), Store: newMemory(t), Timeout: throttled.Never})
	require.NoError(t, err)
	take(t, l, 1)
	answers := make(chan throttled.Outcome, 1)
	l.LimitTo(t.Context(), key, 1, answers)
	close(answers)
	letsThrough(t, l)
	select {} // until the process ends
}

func letsThrough(t *testing.T, l *async.Limiter) {
	require.NoError(t, (<-l.Reset(t.Context(), key)).Err)
}
