package algorithm_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/model/walk"
)

var steps, seed = walk.Flags(200_000)

// provenEvery is how often the model's own closed forms are checked by search.
const provenEvery = 64

// TestModel takes random steps under random quotas and compares all that is told
// with exact rational arithmetic.
func TestModel(t *testing.T) {
	walk.Traces(t, *seed, *steps, runtime.GOMAXPROCS(0), compare)
}

// compare makes up one trace and takes it. All of it follows from the seed.
func compare(seed uint64) error {
	w := walker{domain.Walk(seed)}
	tr := trace{kind: w.Kind, rates: w.Rates}
	p := newPair(tr.kind, tr.rates)
	for range walk.Steps {
		s := w.next()
		tr.steps = append(tr.steps, s)
		told, err := p.do(s, w.Rand.IntN(provenEvery) == 0)
		if err != nil {
			return failure(seed, tr, err)
		}
		w.heard(told)
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
