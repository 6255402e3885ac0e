package table

import (
	"math/bits"
	"slices"

	"github.com/throttled-go/throttled/internal/algorithm"
)

// sums is the tally of a line at a bucket, or at one window: the places are summed up.
//
// The line is cut into stretches, each of which knows what its places do to the
// state that they find (see [algorithm.Runs]). Where these sums add up, as those
// of buckets do, stretches next to each other stand in a tree whose nodes have
// the sums of all below: with n waiting, one who leaves costs the places of one
// stretch and log n sums. Windows do not add up: there a stretch has about √n
// places and the stretches are gone through one after the other, so one who
// leaves costs √n steps.
//
// Sums are put right when they are asked for, but not more than a few stretches
// wait for that: a crowd that leaves does not leave its work to whoever comes
// next.
type sums struct {
	runs  *algorithm.Runs
	trees []*stretch // in order, each higher than the next
	tail  *stretch   // the last stretch, nil if those behind the others have left
	wrong int        // stretches whose sums are wrong, at most
	costs []int64    // scratch
	spare algorithm.Run
}

// stretch is some places of a line in a row: one stretch, or a tree of two.
type stretch struct {
	parent, left, right *stretch
	height              int

	costs []int64 // of its places, if it is not a tree; 0 for those who have left
	len   int     // how many have not

	run   algorithm.Run
	known bool // run says what the places do
	wrong bool // no more: somebody came or left
}

const (
	// stretchLen is how many places a stretch has where sums add up, and at least;
	// half of it where more than two rates make a sum take long.
	stretchLen = 64

	// maxWrong is how many stretches may wait for their sums to be put right.
	maxWrong = 2
)

// push adds w, who has come behind all others. n wait now.
func (t *sums) push(w *Waiter, n int) {
	s := t.tail
	if s == nil || len(s.costs) == cap(s.costs) {
		s = t.open(n)
	}
	w.stretch, w.number = s, int64(len(s.costs))
	s.costs = append(s.costs, w.cost)
	s.len++
	t.spoil(s)
	t.keepRight()
}

// open begins a stretch at the end. Trees of equal height become one before, so that
// there are never more than the logarithm of the number of stretches.
func (t *sums) open(n int) *stretch {
	for t.runs.Chains() && len(t.trees) > 1 {
		left, right := t.trees[len(t.trees)-2], t.trees[len(t.trees)-1]
		if left.height > right.height {
			break
		}
		tree := &stretch{left: left, right: right, height: left.height + 1, wrong: true}
		left.parent, right.parent = tree, tree
		t.trees = append(t.trees[:len(t.trees)-2], tree)
	}
	room := stretchLen
	switch {
	case !t.runs.Chains():
		room = max(room, 1<<(bits.Len(uint(n))/2+1))
	case t.runs.Rates() > 2:
		room /= 2
	}
	t.tail = &stretch{costs: make([]int64, 0, room)}
	t.trees = append(t.trees, t.tail)
	return t.tail
}

// remove takes out w. (Only one who leaves is worth a keepRight: however many are
// granted, one stretch is wrong for it, the first.)
func (t *sums) remove(w *Waiter) {
	s := w.stretch
	s.costs[w.number] = 0
	w.stretch, w.number = nil, 0
	s.len--
	t.spoil(s)
	if s.len == 0 {
		t.drop(s)
	}
}

// spoil notes that the sums of s, and of all trees it is in, are wrong.
func (t *sums) spoil(s *stretch) {
	if s.wrong {
		return
	}
	for ; s != nil && !s.wrong; s = s.parent {
		s.wrong = true
	}
	t.wrong++
}

// keepRight puts all sums right if many are wrong.
func (t *sums) keepRight() {
	if t.wrong > maxWrong {
		t.correct()
	}
}

// drop takes out a stretch at which nobody is left. What stands beside it in a
// tree takes the place of that tree.
func (t *sums) drop(s *stretch) {
	if s == t.tail {
		t.tail = nil
	}
	var heir *stretch
	tree := s.parent
	if tree == nil {
		tree = s
	} else {
		heir = tree.left
		if heir == s {
			heir = tree.right
		}
		heir.parent, heir.height = tree.parent, tree.height
	}
	switch above := tree.parent; {
	case above == nil:
		t.replace(tree, heir)
	case above.left == tree:
		above.left = heir
	default:
		above.right = heir
	}
}

// replace puts heir in the place of a whole tree, or takes that out.
func (t *sums) replace(tree, heir *stretch) {
	kept := t.trees[:0]
	for _, other := range t.trees {
		switch {
		case other != tree:
			kept = append(kept, other)
		case heir != nil:
			kept = append(kept, heir)
		}
	}
	clear(t.trees[len(kept):])
	t.trees = kept
}

// correct puts all sums right.
func (t *sums) correct() {
	for _, tree := range t.trees {
		t.sum(tree)
	}
	t.wrong = 0
}

// sum puts the sums of s and of all below right.
func (t *sums) sum(s *stretch) {
	switch {
	case !s.wrong:
		return
	case s.left == nil:
		s.known = t.runs.Sum(&s.run, &t.spare, t.present(s))
	default:
		t.sum(s.left)
		t.sum(s.right)
		s.known = s.left.known && s.right.known && t.runs.Chain(&s.run, &s.left.run, &s.right.run)
	}
	s.wrong = false
}

// present returns the costs of those in a stretch who have not left, with room
// for all who may still come.
func (t *sums) present(s *stretch) []int64 {
	t.costs = slices.Grow(t.costs[:0], cap(s.costs))
	costs := t.costs[:0:cap(s.costs)]
	for _, cost := range s.costs {
		if cost > 0 {
			costs = append(costs, cost)
		}
	}
	return costs
}

// through charges all in line to state, the first of them not before at.
func (t *sums) through(state []int64, at int64) {
	t.correct()
	for _, tree := range t.trees {
		at = t.pass(tree, state, at)
	}
}

// pass charges the places of s to state, and returns an instant before which
// none behind them has its turn.
func (t *sums) pass(s *stretch, state []int64, at int64) int64 {
	switch {
	case s.known:
		t.runs.Through(&s.run, state, at)
		return at
	case s.left == nil:
		return t.runs.Pass(t.present(s), state, at)
	default:
		return t.pass(s.right, state, t.pass(s.left, state, at))
	}
}
