package progress_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/progress"
)

// TestNothingWithoutATerminal: a nil Progress takes every call, and what is no
// terminal gets nothing.
func TestNothingWithoutATerminal(t *testing.T) {
	var out bytes.Buffer
	p := progress.New(&out)
	require.Nil(t, p)
	p.Bytes("reading", 10)
	p.Add(5)
	p.Steps("replaying", -1)
	p.Add(1)
	p.End()
	require.Empty(t, out.String())
}
