package table

import "math"

// expiry knows which bucket expires first, without a search and without work
// at every hit. Places are taken in groups of 16. A group knows the first of
// its places to expire, and the groups stand in a heap by that. A hit makes its
// bucket expire later, which concerns nobody unless the bucket was the first of
// its group and is so no more; only then are 16 numbers, two cache lines, looked
// through. So the order is exact at all times, and no request pays for the hits
// that came before it.
type expiry struct {
	places []int64 // when each expires; never, if it is free or somebody waits there
	groups []group
	heap   []int32 // the groups, the one that expires first on top
}

type group struct {
	earliest int64
	others   int64 // no place but the first expires before
	first    int32 // the place that expires at earliest
	rank     int32 // of the group in the heap
}

const (
	groupBits = 4
	groupSize = 1 << groupBits
	heapArity = 4

	never = math.MaxInt64
)

func newExpiry(capacity int) expiry {
	groups := capacity/groupSize + 1
	x := expiry{
		places: make([]int64, capacity+1),
		groups: make([]group, 0, groups),
		heap:   make([]int32, 0, groups),
	}
	x.cover(0)
	return x
}

// cover takes in a place that is used for the first time. Places come one after
// the other, so the heap is no larger than what is in use.
func (x *expiry) cover(ref int32) {
	if number := ref >> groupBits; int(number) == len(x.groups) {
		x.groups = append(x.groups, group{earliest: never, others: never, first: ref, rank: number})
		x.heap = append(x.heap, number)
		for i := ref; i < ref+groupSize && int(i) < len(x.places); i++ {
			x.places[i] = never
		}
	}
}

// first returns the place that expires first, and when; never if none does.
func (x *expiry) first() (ref int32, at int64) {
	g := &x.groups[x.heap[0]]
	return g.first, g.earliest
}

// unset makes a place expire never.
func (x *expiry) unset(ref int32) {
	x.places[ref] = never
	if ref == x.groups[ref>>groupBits].first {
		x.reorder(ref, never)
	}
}

// set makes a place expire at an instant.
func (x *expiry) set(ref int32, at int64) {
	if x.note(ref, at) {
		x.reorder(ref, at)
	}
}

// note is set without the order, and reports whether reorder has to follow, as
// it mostly has not: only for the first of a group, or one that comes close to it.
func (x *expiry) note(ref int32, at int64) bool {
	x.places[ref] = at
	g := &x.groups[ref>>groupBits]
	if ref != g.first {
		return at < g.others
	}
	if at > g.others || at < g.earliest || x.child(g.rank) < len(x.heap) {
		return true
	}
	g.earliest = at // the first as before, and no group is below this one
	return false
}

// reorder puts the order right after a place was made to expire at an instant.
func (x *expiry) reorder(ref int32, at int64) {
	number := ref >> groupBits
	g := &x.groups[number]
	before := g.earliest
	switch {
	case ref == g.first:
		if g.earliest = at; at > g.others {
			x.look(g, number)
		}
	case at < g.earliest:
		g.others, g.earliest, g.first = g.earliest, at, ref
	default:
		g.others = at
	}
	if g.earliest < before {
		x.up(number)
	} else {
		x.down(number)
	}
}

// look finds the first of a group among its places. It branches on none of
// their numbers, which no processor could foresee.
func (x *expiry) look(g *group, number int32) {
	start := int(number) << groupBits
	first, earliest, others := 0, int64(never), int64(never)
	for i, at := range x.places[start:min(start+groupSize, len(x.places))] {
		others = min(others, max(earliest, at))
		if at < earliest {
			first = i
		}
		earliest = min(earliest, at)
	}
	g.first, g.earliest, g.others = int32(start+first), earliest, others
}

// up moves a group towards the top as far as it expires earlier.
func (x *expiry) up(number int32) {
	earliest, rank := x.groups[number].earliest, x.groups[number].rank
	for rank > 0 {
		parent := (rank - 1) / heapArity
		if x.earliest(parent) <= earliest {
			break
		}
		x.put(rank, x.heap[parent])
		rank = parent
	}
	x.put(rank, number)
}

// down moves a group away from the top as far as it expires later.
func (x *expiry) down(number int32) {
	earliest, rank := x.groups[number].earliest, x.groups[number].rank
	for {
		child := x.firstChild(rank)
		if child == 0 || x.earliest(child) >= earliest {
			break
		}
		x.put(rank, x.heap[child])
		rank = child
	}
	x.put(rank, number)
}

// firstChild returns the child of a rank that expires first, 0 if it has none.
func (x *expiry) firstChild(rank int32) int32 {
	first := x.child(rank)
	end := min(first+heapArity, len(x.heap))
	if first >= end {
		return 0
	}
	for child := first + 1; child < end; child++ {
		if x.earliest(int32(child)) < x.earliest(int32(first)) {
			first = child
		}
	}
	return int32(first)
}

// child returns the first rank below a rank, if there are so many.
func (*expiry) child(rank int32) int { return int(rank)*heapArity + 1 }

func (x *expiry) earliest(rank int32) int64 { return x.groups[x.heap[rank]].earliest }

func (x *expiry) put(rank, number int32) {
	x.heap[rank] = number
	x.groups[number].rank = rank
}
