package redistest_test

import (
	"errors"
	"net"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestWithServesAsLongAsItsFunctionRuns(t *testing.T) {
	t.Parallel()
	cause := errors.New("what f returned")
	var addr string
	err := redistest.With("server", func(text string) error {
		u, err := url.Parse(text)
		require.NoError(t, err)
		addr = u.Host
		require.Equal(t, "+PONG", dial(t, "tcp", addr).ask(t, "PING"))
		return cause
	})
	require.ErrorIs(t, err, cause)
	_, err = net.Dial("tcp", addr)
	require.Error(t, err)

	err = redistest.With("ring", func(string) error { panic("called") })
	require.ErrorContains(t, err, `"ring"`)
}
