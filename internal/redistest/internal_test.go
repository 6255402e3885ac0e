package redistest

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/hashslot"
)

func TestAPortThatAnotherServerTookIsGivenUp(t *testing.T) {
	t.Parallel()
	set, err := newSettings(nil)
	require.NoError(t, err)
	s, err := reserve(set)
	require.NoError(t, err)
	t.Cleanup(func() { end(t, s) })
	s.port = Start(t).port
	require.NoError(t, s.write(s.storing()))
	require.ErrorIs(t, s.launch(), errPortTaken)
	require.Zero(t, s.PID())
}

func TestAServerKnowsItsOwnProcess(t *testing.T) {
	t.Parallel()
	a, b := Start(t), Start(t)
	require.NoError(t, a.answers(a.proc))
	require.ErrorContains(t, a.answers(b.proc), "serves port")
}

func TestAnotherPortIsTried(t *testing.T) {
	t.Parallel()
	tries := 0
	value, err := again(func() (int, error) {
		tries++
		if tries < 3 {
			return 0, errPortTaken
		}
		return 7, nil
	})
	require.NoError(t, err)
	require.Equal(t, 7, value)

	tries = 0
	other := errors.New("other")
	_, err = again(func() (int, error) {
		tries++
		return 0, other
	})
	require.ErrorIs(t, err, other)
	require.Equal(t, 1, tries)

	_, err = again(func() (int, error) { return 0, errPortTaken })
	require.ErrorIs(t, err, errPortTaken)
}

func TestAPortIsClaimedOnce(t *testing.T) {
	t.Parallel()
	c, err := claimPort()
	require.NoError(t, err)
	require.Less(t, c.port+busOffset, 32768)
	for _, port := range []int{c.port, c.port + busOffset} {
		other := &claim{}
		require.False(t, other.take(port))
		require.Empty(t, other.signs)
	}
	c.release()
	c.release()

	listener, err := net.Listen("tcp", loopback(c.port))
	require.NoError(t, err)
	other := &claim{}
	require.False(t, other.take(c.port), "somebody listens")
	other.release()
	require.NoError(t, listener.Close())
}

func TestSpansMustCoverAllSlots(t *testing.T) {
	t.Parallel()
	require.NoError(t, covers([]span{{first: 0, last: 99}, {first: 100, last: hashslot.Count - 1}}))
	require.EqualError(t, covers(nil), "redistest: nobody serves slot 0")
	require.EqualError(t, covers([]span{{first: 0, last: 99}, {first: 101, last: hashslot.Count - 1}}), "redistest: nobody serves slot 100")
	require.EqualError(t, covers([]span{{first: 0, last: hashslot.Count - 2}}), "redistest: nobody serves slot 16383")
}
