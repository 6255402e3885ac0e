package table

import "math/bits"

// index finds the places of a hash: open addressing with linear probing, and
// no tombstones, because what follows a removed slot moves up. A slot has the
// hash beside the place, so that neither probing nor moving reads an entry.
type index []slot

type slot struct {
	tag uint32
	ref int32 // 0: empty
}

// newIndex returns an index that is at most three quarters full.
func newIndex(capacity int) index {
	return make(index, 1<<bits.Len(uint(capacity+capacity/3)))
}

func (x index) mask() uint32 { return uint32(len(x) - 1) }

// insert adds a place that is not in x.
func (x index) insert(tag uint32, ref int32) {
	at := tag & x.mask()
	for x[at].ref != 0 {
		at = (at + 1) & x.mask()
	}
	x[at] = slot{tag, ref}
}

// remove takes out a place that is in x.
func (x index) remove(tag uint32, ref int32) {
	at := tag & x.mask()
	for x[at].ref != ref {
		at = (at + 1) & x.mask()
	}
	x.closeGap(at)
}

// closeGap empties the slot at gap and moves up what the gap would cut off
// from the slot of its hash.
func (x index) closeGap(gap uint32) {
	for at := (gap + 1) & x.mask(); x[at].ref != 0; at = (at + 1) & x.mask() {
		probed := (at - x[at].tag) & x.mask()
		if distance := (at - gap) & x.mask(); probed >= distance {
			x[gap] = x[at]
			gap = at
		}
	}
	x[gap] = slot{}
}
