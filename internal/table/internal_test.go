package table

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
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

func TestPackTellsKeysApart(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 5))
	keys := map[[2]uint64]string{}
	for range 200_000 {
		b := make([]byte, random.IntN(maxShort+1))
		for i := range b {
			b[i] = "\x00\x01a\xff"[random.IntN(4)]
		}
		key := string(b)
		lo, hi := pack(key)
		before, ok := keys[[2]uint64{lo, hi}]
		require.True(t, !ok || before == key, "%q and %q", before, key)
		keys[[2]uint64{lo, hi}] = key
	}
}

// 10,000 balls in 16,384 boxes lie in 7,485 of them, give or take 50: whatever the
// random numbers of a table.
func TestTagsOfLikeKeysAreScattered(t *testing.T) {
	plan, err := throttled.Config{}.Plan()
	require.NoError(t, err)
	for _, pattern := range []string{"%d", "user:%d", "%08d", "%015d", "%x:0", "10.0.%d.1", "a key that is too long to be short %d"} {
		keys := make([]string, 10_000)
		for i := range keys {
			keys[i] = fmt.Sprintf(pattern, i)
		}
		for range 100 {
			s, homes := newLabels(), [1 << 14]bool{}
			filled := 0
			for _, key := range keys {
				if home := s.of(plan, key) % (1 << 14); !homes[home] {
					homes[home] = true
					filled++
				}
			}
			require.Greater(t, filled, 7200, pattern)
		}
	}
}

func TestTagsDifferFromTableToTable(t *testing.T) {
	plan, err := throttled.Config{}.Plan()
	require.NoError(t, err)
	one, two := newLabels(), newLabels()
	same := 0
	for i := range 100 {
		key := fmt.Sprintf("user:%d", i)
		require.Equal(t, one.of(plan, key), one.of(plan, key))
		if one.of(plan, key) == two.of(plan, key) {
			same++
		}
	}
	require.Less(t, same, 3)
}
