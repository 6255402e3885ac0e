package tune

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPasses(t *testing.T) {
	require.Equal(t, 0, passes(0, 10), "nothing is to be measured")
	require.Equal(t, 50_000, passes(5, 10))
	require.Equal(t, 5, passes(5, fewestCalls))
}
