package table

import "container/heap"

// schedule is the waitlists in a heap, the one with the earliest turn on top.
type schedule []*waitlist

var _ heap.Interface = (*schedule)(nil)

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].turn < s[j].turn }

func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].rank, s[j].rank = i, j
}

// Push is for package heap.
func (s *schedule) Push(b any) {
	added := b.(*waitlist)
	added.rank = len(*s)
	*s = append(*s, added)
}

// Pop is for package heap.
func (s *schedule) Pop() any {
	last := len(*s) - 1
	b := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	return b
}
