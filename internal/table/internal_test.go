package table

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIndexEqualsAMap(t *testing.T) {
	const capacity = 300
	random := rand.New(rand.NewPCG(1, 2))
	x, want := newIndex(capacity), map[int32]uint32{}
	for range 200_000 {
		ref := int32(1 + random.IntN(capacity))
		if _, ok := want[ref]; ok {
			x.remove(ref)
			delete(want, ref)
		} else {
			// Few tags, so that long runs form and wrap around the end.
			want[ref] = x.mask() - 20 + uint32(random.IntN(40))
			x.insert(want[ref], ref)
		}
		ref = int32(1 + random.IntN(capacity))
		tag, ok := want[ref]
		require.Equal(t, ok, ok && reaches(x, tag, ref))
	}
	filled := 0
	for _, slot := range x.slots {
		if slot != 0 {
			filled++
		}
	}
	require.Len(t, want, filled)
}

// reaches reports whether probing from the slot of tag finds ref.
func reaches(x index, tag uint32, ref int32) bool {
	for at := tag & x.mask(); x.slots[at] != 0; at = (at + 1) & x.mask() {
		if x.may(x.slots[at], tag) == ref {
			return true
		}
	}
	return false
}

func TestExpiryEqualsASearch(t *testing.T) {
	for _, places := range []int{1, 2, 16, 17, 100, chunkSize, 3*chunkSize + 5} {
		random := rand.New(rand.NewPCG(uint64(places), 3))
		x := newExpiry(places - 1)
		for ref := range places {
			x.cover(int32(ref))
		}
		want := make([]int64, places)
		for i := range want {
			want[i] = never
		}
		for range 20_000 {
			ref := int32(random.IntN(places))
			switch random.IntN(4) {
			case 0:
				want[ref] = never
			case 1:
				want[ref] = 1 + random.Int64N(1000)
			default:
				want[ref] = min(want[ref], 1_000_000) + 1 + random.Int64N(1000)
			}
			if want[ref] == never {
				x.unset(ref)
			} else {
				x.set(ref, want[ref])
			}
			first, at := x.first()
			require.Equal(t, want[first], at)
			if random.IntN(100) == 0 {
				for i, w := range want {
					require.LessOrEqual(t, at, w)
					require.Equal(t, w, x.places[i])
				}
			}
		}
	}
}
