package table

import "github.com/throttled-go/throttled/internal/algorithm"

// batches is the tally of a line at several windows, whose places do not add up: what
// one window holds back decides where in the others a place falls. So the line is
// gone through from the first to the last, but those of equal cost behind each other
// are one batch, and are passed together (see [algorithm.Walk]): where most costs are
// equal, few steps pass any number of them. Where all differ it takes n steps.
//
// To join, to be granted and to leave is to count up or down. The batches stand in
// blocks, which are dropped when nobody in them waits.
type batches struct {
	runs   *algorithm.Runs
	blocks []*block // nil where nobody waits
	first  int64    // how many blocks were before them
}

type block struct {
	batches [blockLen]batch
	len     int // of them are in use
	waiting int
}

// batch is some places of equal cost.
type batch struct {
	cost, places int64
}

// blockLen makes a block 512 bytes long.
const blockLen = 31

func (t *batches) push(w *Waiter, _ int) {
	b := t.last()
	if b == nil || b.len == blockLen && b.batches[b.len-1].cost != w.cost {
		b = &block{}
		t.blocks = append(t.blocks, b)
	}
	if b.len == 0 || b.batches[b.len-1].cost != w.cost {
		b.batches[b.len].cost = w.cost
		b.len++
	}
	b.batches[b.len-1].places++
	b.waiting++
	w.number = -(t.first+int64(len(t.blocks)-1))*blockLen - int64(b.len)
}

func (t *batches) last() *block {
	if len(t.blocks) == 0 {
		return nil
	}
	return t.blocks[len(t.blocks)-1]
}

func (t *batches) remove(w *Waiter) {
	number := -1 - w.number
	w.number = 0
	place := number/blockLen - t.first
	b := t.blocks[place]
	b.batches[number%blockLen].places--
	if b.waiting--; b.waiting > 0 {
		return
	}
	t.blocks[place] = nil
	for len(t.blocks) > 0 && t.blocks[0] == nil {
		t.blocks = t.blocks[1:]
		t.first++
	}
}

func (t *batches) keepRight() {}

// through passes batches next to each other as one, if the costs are equal.
func (t *batches) through(state []int64, at int64) {
	var walk algorithm.Walk
	t.runs.Walk(&walk, state, at)
	var all batch
	for _, b := range t.blocks {
		if b == nil {
			continue
		}
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
