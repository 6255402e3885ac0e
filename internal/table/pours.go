package table

import "sort"

// pours is what Limit poured into a leaky bucket behind those who queue in it,
// in order. Each has the sum of all up to it, so that no question takes more
// than the logarithm of their number; the sums may wrap around.
type pours struct {
	list []pour
	gone int64 // the sum of all before list
}

// pour came behind the waiter of that number and before the next one.
type pour struct {
	behind, sum int64
}

// add adds cost at the end.
func (p *pours) add(behind, cost int64) {
	sum := p.gone + p.total() + cost
	if last := len(p.list) - 1; last >= 0 && p.list[last].behind == behind {
		p.list[last].sum = sum
		return
	}
	p.list = append(p.list, pour{behind, sum})
}

// total returns the sum of all.
func (p *pours) total() int64 { return p.upTo(len(p.list)) }

// upTo returns the sum of the first n.
func (p *pours) upTo(n int) int64 {
	if n == 0 {
		return 0
	}
	return p.list[n-1].sum - p.gone
}

// before returns how many came before the waiter of that number.
func (p *pours) before(number int64) int {
	return sort.Search(len(p.list), func(i int) bool { return p.list[i].behind >= number })
}

// since returns the sum of those that came behind the waiter of that number.
func (p *pours) since(number int64) int64 { return p.total() - p.upTo(p.before(number)) }

// take takes out those that came before the waiter of that number, and returns
// their sum.
func (p *pours) take(number int64) int64 {
	n := p.before(number)
	sum := p.upTo(n)
	p.list, p.gone = p.list[n:], p.gone+sum
	return sum
}

// takeBack takes out as much of cost as there is, the newest first, and returns
// how much that was.
func (p *pours) takeBack(cost int64) int64 {
	left := max(0, p.total()-cost)
	back := p.total() - left
	n := sort.Search(len(p.list), func(i int) bool { return p.upTo(i+1) >= left })
	if left > 0 {
		p.list[n].sum = p.gone + left
		n++
	}
	p.list = p.list[:n]
	return back
}
