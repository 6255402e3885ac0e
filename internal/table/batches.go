package table

import (
	"container/list"

	"github.com/throttled-go/throttled/internal/algorithm"
)

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
	runs     *algorithm.Runs
	blocks   list.List               // of *block
	numbered map[int64]*list.Element // of blocks
}

type block struct {
	number  int64 // they count up
	batches [blockLen]batch
	len     int // of batches are in use
	waiting int
}

// batch is some places of equal cost.
type batch struct {
	cost, places int64
}

// blockLen makes a block 504 bytes long, which the runtime rounds up to 512.
const blockLen = 30

func (t *batches) push(w *Waiter, _ int) {
	b := t.last()
	if b == nil || b.len == blockLen && b.batches[b.len-1].cost != w.cost {
		b = t.open(b)
	}
	if b.len == 0 || b.batches[b.len-1].cost != w.cost {
		b.batches[b.len].cost = w.cost
		b.len++
	}
	b.batches[b.len-1].places++
	b.waiting++
	w.number = -b.number*blockLen - int64(b.len)
}

func (t *batches) last() *block {
	if t.blocks.Len() == 0 {
		return nil
	}
	return t.blocks.Back().Value.(*block)
}

// open begins a block behind the last one, if there is one.
func (t *batches) open(last *block) *block {
	b := new(block)
	if last != nil {
		b.number = last.number + 1
	}
	if t.numbered == nil {
		t.numbered = make(map[int64]*list.Element)
	}
	t.numbered[b.number] = t.blocks.PushBack(b)
	return b
}

func (t *batches) remove(w *Waiter) {
	number := -1 - w.number
	w.number = 0
	place := t.numbered[number/blockLen]
	b := place.Value.(*block)
	b.batches[number%blockLen].places--
	if b.waiting--; b.waiting == 0 {
		t.blocks.Remove(place)
		delete(t.numbered, b.number)
	}
}

func (t *batches) keepRight() {}

// through passes batches next to each other as one, if the costs are equal.
func (t *batches) through(state []int64, at int64) {
	var walk algorithm.Walk
	t.runs.Walk(&walk, state, at)
	var all batch
	for place := t.blocks.Front(); place != nil; place = place.Next() {
		b := place.Value.(*block)
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
