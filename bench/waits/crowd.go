package waits

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Crowd is what came of many who waited at one limiter in real time.
type Crowd struct {
	Waiting int `json:"waiting"`
	// Late is how late the first to wake was for the first turn, and so on, in
	// ascending order, for the turns that came after all had joined. Less than 0 is
	// too early.
	Late  []time.Duration `json:"late"`
	CPU   time.Duration   `json:"cpu"` // of the whole process, each one's share of joining, waiting and waking; 0 where it is not known
	Bytes float64         `json:"bytes"`
}

// Quantile returns the lateness that such a share of them did not exceed.
func (c Crowd) Quantile(share float64) time.Duration {
	return c.Late[int(share*float64(len(c.Late)-1))]
}

// MeasureCrowd has n wait, with a turn every so often.
func MeasureCrowd(w Waiter, n int, every time.Duration) (crowd Crowd, err error) {
	woken := make([]time.Time, 0, n)
	before, spent := inUse(), cpuTime()
	line, err := w.New(every)
	if err != nil {
		return crowd, err
	}
	began := time.Now() // close to New, from which some count their turns
	if err := line.Wait(context.Background()); err != nil {
		return crowd, err
	}
	var settled time.Duration
	stand(line, n, func() {
		joined := cpuTime()
		crowd.Bytes = (inUse() - before) / float64(n)
		spent += cpuTime() - joined // a reading of the heap stops the world
		settled = time.Since(began)
	}, func() { woken = append(woken, time.Now()) })
	crowd.Waiting, crowd.CPU = n, (cpuTime()-spent)/time.Duration(n)
	for i, at := range woken {
		if turn := time.Duration(i+1) * every; turn > settled {
			crowd.Late = append(crowd.Late, at.Sub(began)-turn)
		}
	}
	if len(crowd.Late) == 0 {
		return crowd, errors.New("waits: every turn came before all had joined: let more wait")
	}
	slices.Sort(crowd.Late)
	return crowd, line.Close()
}

// stand has n wait, each in a goroutine unless the line can do without.
func stand(line Line, n int, settled, woken func()) {
	if crowder, ok := line.(Crowder); ok {
		crowder.Crowd(n, settled, woken)
		return
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var joined atomic.Int64
	for range n {
		group.Go(func() {
			joined.Add(1)
			if line.Wait(context.Background()) != nil {
				return // its turn is missing from those that are counted
			}
			mu.Lock()
			defer mu.Unlock()
			woken()
		})
	}
	for joined.Load() < int64(n) {
		runtime.Gosched()
	}
	settled()
	group.Wait()
}

// inUse returns the bytes of heap and stacks that are in use. What is garbage
// counts too, since those who wait may not be stopped for a collection.
func inUse() float64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc + stats.StackInuse)
}
