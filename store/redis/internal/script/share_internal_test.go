package script

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/model/walk"
)

// sharing returns a script that calls the function share of the sliding window
// for each room, period and previous count in ARGV[1].
func sharing(t *testing.T) *script {
	t.Helper()
	of := newScript(luaClock, luaSlidingWindow)
	of.text += `
		local reply = {}
		for at = 1, #ARGV[1], 24 do
			local room, period, previous = unpack('<ddd', ARGV[1], at)
			reply[#reply + 1] = share(room, period, previous)
		end
		return reply`
	return of
}

// TestShare divides where it is most likely to go wrong: products of 53 to 93 bits
// that are a multiple of the divisor, or one off it.
func TestShare(t *testing.T) {
	s := startServer(t)
	of := sharing(t)
	rng := rand.New(rand.NewPCG(1, 4))
	for range 60 {
		var asked []byte
		var want []int64
		for range 1000 {
			room, period, previous := division(rng)
			asked = appendNumbers(asked, room, period, previous)
			hi, lo := bits.Mul64(uint64(room), uint64(period))
			quotient, _ := bits.Div64(hi, lo, uint64(previous))
			want = append(want, int64(quotient))
		}
		got, err := s.do(s.client.B().Eval().Script(of.text).Numkeys(1).Key("share").Arg(string(asked)).Build()).AsIntSlice()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// division returns a room below previous, and a period. If there is such a
// period, room·period is a multiple of previous, or one more or less.
func division(rng *rand.Rand) (room, period, previous int64) {
	previous = 2 + walk.Scaled(rng, walk.MaxAmount-2)
	room = 1 + rng.Int64N(previous-1)
	if rng.IntN(4) == 0 {
		room = previous - 1
	}
	period = max(1000, longestPeriod-rng.Int64N(longestPeriod>>rng.IntN(45)))
	inverse := new(big.Int).ModInverse(big.NewInt(room), big.NewInt(previous))
	if inverse == nil || previous >= period {
		return room, period, previous
	}
	rest := inverse.Mul(inverse, big.NewInt(rng.Int64N(3)-1))
	period -= period % previous
	period -= previous - rest.Mod(rest, big.NewInt(previous)).Int64()
	return room, max(period, 1000), previous
}
