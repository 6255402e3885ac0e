package table

import "github.com/throttled-go/throttled/internal/algorithm"

// batches is the tally of a line at several windows, whose places do not add up: what
// one window holds back decides where in the others a place falls. So the line is
// gone through from the first to the last, but those of equal cost behind each other
// are one batch, and are passed together (see [algorithm.Walk]): where most costs are
// equal, few steps pass any number of them. Where all differ it takes n steps.
//
// To join, to be granted and to leave is to count up or down. The batches stand in
// blocks, each of which is dropped when nobody in it waits, so there are no more
// blocks than waiters, however many come and leave behind one who stays.
type batches struct {
	runs        *algorithm.Runs
	blocks      map[int64]*block // by number
	first, last *block
}

type block struct {
	number         int64 // blocks count up
	previous, next *block

	batches [blockLen]batch
	len     int // of them are in use
	waiting int
}

// batch is some places of equal cost.
type batch struct {
	cost, places int64
}

// blockLen makes a block 504 bytes long, which the runtime rounds up to 512.
const blockLen = 29

func (t *batches) push(w *Waiter, _ int) {
	b := t.last
	if b == nil || b.len == blockLen && b.batches[b.len-1].cost != w.cost {
		b = t.open()
	}
	if b.len == 0 || b.batches[b.len-1].cost != w.cost {
		b.batches[b.len].cost = w.cost
		b.len++
	}
	b.batches[b.len-1].places++
	b.waiting++
	w.number = -b.number*blockLen - int64(b.len)
}

// open begins a block at the end.
func (t *batches) open() *block {
	b := &block{previous: t.last}
	if t.last == nil {
		t.first = b
	} else {
		b.number, t.last.next = t.last.number+1, b
	}
	t.last = b
	if t.blocks == nil {
		t.blocks = make(map[int64]*block)
	}
	t.blocks[b.number] = b
	return b
}

func (t *batches) remove(w *Waiter) {
	number := -1 - w.number
	w.number = 0
	b := t.blocks[number/blockLen]
	b.batches[number%blockLen].places--
	if b.waiting--; b.waiting == 0 {
		t.drop(b)
	}
}

// drop takes out a block in which nobody waits.
func (t *batches) drop(b *block) {
	delete(t.blocks, b.number)
	if b.previous == nil {
		t.first = b.next
	} else {
		b.previous.next = b.next
	}
	if b.next == nil {
		t.last = b.previous
	} else {
		b.next.previous = b.previous
	}
}

func (t *batches) keepRight() {}

// through passes batches next to each other as one, if the costs are equal.
func (t *batches) through(state []int64, at int64) {
	var walk algorithm.Walk
	t.runs.Walk(&walk, state, at)
	var all batch
	for b := t.first; b != nil; b = b.next {
		for _, next := range b.batches[:b.len] {
			switch {
			case next.places == 0:
			case next.cost == all.cost:
				all.places += next.places
			default:
				walk.Pass(all.cost, all.places)
				all = next
			}
		}
	}
	walk.Pass(all.cost, all.places)
	walk.End(state)
}
