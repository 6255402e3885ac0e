package report

import (
	"runtime"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/internal/load"
	"github.com/throttled-go/throttled/bench/peers"
	"github.com/throttled-go/throttled/bench/waits"
)

// Set is what is measured, and how often.
type Set struct {
	Loads     []string `json:"loads"`
	Count     int      `json:"count"`
	BenchTime string   `json:"benchtime"`
	HeapKeys  int      `json:"heap_keys"`
	Steps     int      `json:"steps"`
	Waiting   int      `json:"waiting"`
}

// Full returns all there is.
func Full() Set {
	set := Set{Count: 10, BenchTime: "200ms", HeapKeys: 100_000, Steps: 20_000, Waiting: 10_000}
	for _, l := range load.All() {
		set.Loads = append(set.Loads, l.Name)
	}
	return set
}

// Quick returns what takes less than two minutes.
func Quick() Set {
	return Set{
		Loads: []string{"keys=1", "keys=1000/zipf", "keys=100000/uniform"},
		Count: 3, BenchTime: "10ms", HeapKeys: 20_000, Steps: 3000, Waiting: 10_000,
	}
}

// Override takes one setting from another set, by the name of its flag.
func (s *Set) Override(name string, from Set) {
	switch name {
	case "count":
		s.Count = from.Count
	case "benchtime":
		s.BenchTime = from.BenchTime
	case "steps":
		s.Steps = from.Steps
	case "waiting":
		s.Waiting = from.Waiting
	}
}

// Total returns how many steps Measure has.
func (s Set) Total() int {
	total := len(waits.All())*s.Count + 3
	for _, load := range s.Loads {
		total += len(s.cells(load)) * len(procs()) * s.Count
	}
	for _, peer := range peers.All() {
		if peer.Keys {
			total++
		}
		if correct.Judged(peer) && peer.RealClock {
			total++
		}
	}
	return total
}

// cells returns the measurements of speed at a load, those that a peer cannot
// do too.
func (s Set) cells(name string) (cells []peers.Cell) {
	for _, l := range load.All() {
		if l.Name != name {
			continue
		}
		for _, peer := range peers.All() {
			for _, denied := range []bool{false, true} {
				cells = append(cells, peers.Cell{Peer: peer, Load: l, Denied: denied})
			}
		}
	}
	return cells
}

// procs returns the numbers of processors that are measured with: one, and all.
func procs() []int {
	if all := runtime.NumCPU(); all > 1 {
		return []int{1, all}
	}
	return []int{1}
}
