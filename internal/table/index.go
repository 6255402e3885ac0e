package table

import "math/bits"

// index finds the places of a hash, here called tag: open addressing with linear
// probing, and no tombstones, because what follows a removed slot moves up.
//
// A slot has a place in its low bits, as many as a place needs, and above them
// those of its tag, so that hardly ever another bucket than the one looked for is
// read. Four bytes a slot keep the slots of 100,000 buckets in a processor's cache.
type index struct {
	slots  []uint32 // 0: empty
	tags   []uint32 // of each place: where its slot belongs, for those that move up
	places uint32   // a mask: the bits of a slot that are a place
}

// smallIndex is how many slots a small index has at most: 64 KiB of them.
const smallIndex = 1 << 14

// newIndex returns an index that is at most four fifths full, or at most a third if
// it is small: the emptier it is, the more keys are found at the first look, but a
// large one must not drive the rest out of the processor's cache.
func newIndex(capacity int) index {
	slots := 1 << bits.Len(uint(3*capacity))
	if slots > smallIndex {
		slots = 1 << bits.Len(uint(capacity+capacity/4))
	}
	return index{
		slots:  make([]uint32, slots),
		tags:   make([]uint32, capacity+1),
		places: 1<<bits.Len(uint(capacity)) - 1,
	}
}

func (x *index) mask() uint32 { return uint32(len(x.slots) - 1) }

// may returns the place in a slot, or 0 if it does not have the place of tag.
func (x *index) may(slot, tag uint32) int32 {
	if (slot^tag)&^x.places != 0 {
		return 0
	}
	return int32(slot & x.places)
}

// insert adds a place that is not in x.
func (x *index) insert(tag uint32, ref int32) {
	at := tag & x.mask()
	for x.slots[at] != 0 {
		at = (at + 1) & x.mask()
	}
	x.slots[at] = tag&^x.places | uint32(ref)
	x.tags[ref] = tag
}

// remove takes out a place that is in x.
func (x *index) remove(ref int32) {
	at := x.tags[ref] & x.mask()
	for x.slots[at]&x.places != uint32(ref) {
		at = (at + 1) & x.mask()
	}
	x.closeGap(at)
}

// closeGap empties the slot at gap and moves up what the gap would cut off
// from the slot of its tag.
func (x *index) closeGap(gap uint32) {
	for at := (gap + 1) & x.mask(); x.slots[at] != 0; at = (at + 1) & x.mask() {
		probed := (at - x.tags[x.slots[at]&x.places]) & x.mask()
		if distance := (at - gap) & x.mask(); probed >= distance {
			x.slots[gap] = x.slots[at]
			gap = at
		}
	}
	x.slots[gap] = 0
}
