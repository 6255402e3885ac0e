package algorithm_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/algorithm"
)

var (
	stepsFlag = flag.Int("steps", 200_000, "steps of TestModel over all laws")
	seedFlag  = flag.Uint64("seed", 1, "seed of the first trace of TestModel")
)

const (
	// stepsPerTrace is how long one key is watched under one quota.
	stepsPerTrace = 250
	// provenEvery is how often the model's own closed forms are checked by search.
	provenEvery = 64
)

// TestModel takes random steps under random quotas and compares all that is told
// with exact rational arithmetic.
func TestModel(t *testing.T) {
	var taken atomic.Int64
	traces := uint64(max(1, *stepsFlag/stepsPerTrace))
	var next atomic.Uint64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for !t.Failed() {
				n := next.Add(1) - 1
				if n >= traces {
					return
				}
				if err := walk(*seedFlag+n, &taken); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	t.Logf("%d steps in %d traces", taken.Load(), traces)
}

// walk makes up one trace and takes it. All of it follows from the seed: which law,
// how many rates, and what happens.
func walk(seed uint64, taken *atomic.Int64) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	tr := trace{kind: kinds[seed%uint64(len(kinds))]}
	rates := []int{1, 2, 1 + rng.IntN(algorithm.MaxRates)}[seed/uint64(len(kinds))%3]
	tr.rates = randomRates(rng, rates)
	w := &walker{rng: rng, kind: tr.kind, rates: tr.rates, now: epochs[rng.IntN(len(epochs))]}
	p := newPair(tr.kind, tr.rates)
	for range stepsPerTrace {
		s := w.next()
		tr.steps = append(tr.steps, s)
		told, err := p.do(s, rng.IntN(provenEvery) == 0)
		if err != nil {
			return failure(seed, tr, err)
		}
		w.last = told
		taken.Add(1)
	}
	return nil
}

// failure tells how to see it again, and the shortest trace that shows it.
func failure(seed uint64, tr trace, err error) error {
	short, shortErr := shrink(tr)
	if shortErr == nil { // only the model's own proof failed
		short, shortErr = tr, err
	}
	return fmt.Errorf("%w\nagain with -run TestModel -seed %d -steps 1; in short, for replay:\n%v\n%w", err, seed, short, shortErr)
}

// TestModelTraces replays what was once worth writing down.
func TestModelTraces(t *testing.T) {
	for name, tr := range pastTraces {
		t.Run(name, func(t *testing.T) {
			_, err := replay(tr, true)
			require.NoError(t, err)
		})
	}
}
