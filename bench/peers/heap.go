package peers

import (
	"runtime"
	"strconv"
	"time"
)

// Heap is what a peer keeps for its keys.
type Heap struct {
	BytesPerKey float64 // with as many keys as it was given room for, each key counted in
	Growth      float64 // how many times that with ten times the keys: 1 if it bounds its memory, 10 if not
}

// MeasureHeap asks p for so many keys, and then for ten times as many, each of
// which it denies from its second request on.
func MeasureHeap(p Peer, keys int) (Heap, error) {
	before := live()
	limiter, err := p.New(Settings{Limit: 1, Period: 24 * time.Hour, Burst: 1, MaxKeys: keys})
	if err != nil {
		return Heap{}, err
	}
	ask(limiter, 0, keys)
	full := live() - before
	ask(limiter, keys, 10*keys)
	over := live() - before
	return Heap{BytesPerKey: full / float64(keys), Growth: over / full}, limiter.Close()
}

// ask makes every key anew, so that a peer that keeps it pays for it.
func ask(limiter Limiter, from, to int) {
	for i := from; i < to; i++ {
		limiter.Allow("user:" + strconv.Itoa(i))
	}
}

// live returns the bytes of the heap that are in use.
func live() float64 {
	runtime.GC()
	runtime.GC() // what the first one finalized
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
