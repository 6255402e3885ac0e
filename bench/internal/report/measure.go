package report

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/throttled-go/throttled/bench/peers"
	"github.com/throttled-go/throttled/bench/waits"
)

// Measure measures set, and says before each step what it is. It ends early,
// with an error, if ctx does.
func Measure(ctx context.Context, set Set, step func(stage, what string)) (*Report, error) {
	r := &Report{Set: set, Machine: machine(), Peers: peerList()}
	for _, peer := range peers.NotMeasured {
		r.NotMeasured = append(r.NotMeasured, peer.Module+": "+peer.Reason)
	}
	testing.Init() // the flags of go test, which say how long a benchmark takes
	if err := flag.Set("test.benchtime", set.BenchTime); err != nil {
		return nil, err
	}
	for _, measure := range []func(context.Context, func(stage, what string)) error{
		r.measureCorrect, r.measureSpeed, r.measureHeap, r.measureCrowds,
	} {
		if err := measure(ctx, step); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Report) measureSpeed(ctx context.Context, step func(stage, what string)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range procs() {
		runtime.GOMAXPROCS(procs)
		for _, load := range r.Set.Loads {
			if err := r.measureLoad(ctx, load, procs, step); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureLoad measures everybody once before anybody twice, so that what else
// the machine is doing meanwhile hits all of them alike.
func (r *Report) measureLoad(ctx context.Context, load string, procs int, step func(stage, what string)) error {
	cells := r.Set.cells(load)
	speeds, times := make([]Speed, len(cells)), make([][]float64, len(cells))
	for round := range r.Set.Count {
		for i, cell := range cells {
			if err := ctx.Err(); err != nil {
				return err
			}
			step("speed", fmt.Sprintf("%s %s %s", load, cell.Peer.Name, cell.Mix()))
			speeds[i] = Speed{Peer: cell.Peer.Name, Load: load, Mix: cell.Mix(), Procs: procs, Cannot: cell.Cannot()}
			if speeds[i].Cannot != "" {
				continue
			}
			result, err := measureCell(cell)
			if err != nil {
				return fmt.Errorf("%s at %s, round %d: %w", cell.Peer.Name, load, round, err)
			}
			times[i] = append(times[i], float64(result.T.Nanoseconds())/float64(result.N))
			speeds[i].Bytes, speeds[i].Allocs = result.AllocedBytesPerOp(), result.AllocsPerOp()
		}
	}
	for i := range speeds {
		if len(times[i]) > 0 {
			speeds[i].Time = figure(times[i])
		}
	}
	r.Speed = append(r.Speed, speeds...)
	return nil
}

func measureCell(cell peers.Cell) (testing.BenchmarkResult, error) {
	run, end := cell.Benchmark()
	result := testing.Benchmark(run)
	if result.N == 0 {
		return result, errors.New("the benchmark failed")
	}
	return result, end()
}

func (r *Report) measureHeap(ctx context.Context, step func(stage, what string)) error {
	for _, peer := range peers.All() {
		if !peer.Keys {
			r.Heap = append(r.Heap, Heap{Peer: peer.Name, Cannot: "has no keys"})
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		step("memory", peer.Name)
		var bytes, growth []float64
		for range r.Set.Count {
			heap, err := peers.MeasureHeap(peer, r.Set.HeapKeys)
			if err != nil {
				return err
			}
			bytes, growth = append(bytes, heap.BytesPerKey), append(growth, heap.Growth)
		}
		r.Heap = append(r.Heap, Heap{Peer: peer.Name, Bytes: figure(bytes), Growth: figure(growth)})
	}
	return nil
}

func (r *Report) measureCrowds(ctx context.Context, step func(stage, what string)) error {
	const every = 100 * time.Microsecond
	for _, waiter := range waits.All() {
		var samples [5][]float64
		var curve []float64
		for range r.Set.Count {
			if err := ctx.Err(); err != nil {
				return err
			}
			step("waits", waiter.Name)
			runtime.GC() // what the one before left
			crowd, err := waits.MeasureCrowd(waiter, r.Set.Waiting, every)
			if err != nil {
				return err
			}
			curve = curve[:0]
			for percent := range 101 {
				curve = append(curve, micros(crowd.Quantile(float64(percent)/100)))
			}
			for i, value := range []float64{curve[0], curve[50], curve[99], micros(crowd.CPU), crowd.Bytes} {
				samples[i] = append(samples[i], value)
			}
		}
		r.Crowds = append(r.Crowds, Crowd{
			Waiter: waiter.Name, Curve: curve,
			First: figure(samples[0]), P50: figure(samples[1]), P99: figure(samples[2]), CPU: figure(samples[3]), Bytes: figure(samples[4]),
		})
	}
	return nil
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
