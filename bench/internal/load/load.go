// Package load is the keys that the benchmarks ask for, one after the other, so
// that all of them ask for the same.
package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Load is a sequence of keys.
type Load struct {
	Name  string   // of a benchmark: keys=1000/zipf
	Keys  int      // so many different ones, at most
	names []string // all of them
	draws []string // a power of two of them, walked round and round
}

// drawn is how long a sequence is before it begins anew.
const drawn = 1 << 18

// All returns the loads: one key; a thousand and a hundred thousand, all of them
// alike, or a few of them hot. They are drawn once.
var All = sync.OnceValue(func() []Load {
	return []Load{
		draw("keys=1", 1, uniform),
		draw("keys=1000/uniform", 1000, uniform),
		draw("keys=1000/zipf", 1000, zipf),
		draw("keys=100000/uniform", 100_000, uniform),
		draw("keys=100000/zipf", 100_000, zipf),
	}
})

func uniform(random *rand.Rand, keys int) func() int {
	return func() int { return random.IntN(keys) }
}

func zipf(random *rand.Rand, keys int) func() int {
	z := rand.NewZipf(random, 1.1, 1, uint64(keys-1))
	return func() int { return int(z.Uint64()) }
}

func draw(name string, keys int, distribution func(*rand.Rand, int) func() int) Load {
	l := Load{Name: name, Keys: keys, names: make([]string, keys), draws: make([]string, drawn)}
	for i := range l.names {
		l.names[i] = fmt.Sprintf("user:%d", i)
	}
	// A request brings its key in memory of its own. Were it the very string that
	// a limiter has kept, to compare them would be to compare two pointers.
	asked := make([]string, keys)
	for i, name := range l.names {
		asked[i] = strings.Clone(name)
	}
	next := distribution(rand.New(rand.NewPCG(1, 2)), keys)
	for i := range l.draws {
		l.draws[i] = asked[next()]
	}
	return l
}

// First returns the first so many keys that are asked for.
func (l Load) First(n int) []string { return l.draws[:n] }

// Warm asks once for everything that is ever asked for, so that it is there
// before the clock starts.
func (l Load) Warm(decide func(key string)) {
	for _, key := range l.names {
		decide(key)
	}
}

// Measure calls decide for the keys of l, on all processors.
func (l Load) Measure(b *testing.B, decide func(key string)) {
	b.ReportAllocs()
	b.ResetTimer()
	var callers atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		i := l.begin(&callers)
		for pb.Next() {
			i++
			decide(l.draws[i&(drawn-1)])
		}
	})
}

// MeasureBatches calls decide for so many keys of l at a time. An op is still
// one key.
func (l Load) MeasureBatches(b *testing.B, size int, decide func(keys []string)) {
	b.ReportAllocs()
	b.ResetTimer()
	var callers atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		i := l.begin(&callers)
		for {
			due := 0
			for due < size && pb.Next() {
				due++
			}
			if due == 0 {
				return
			}
			if i &= drawn - 1; i+due > drawn {
				i = 0
			}
			decide(l.draws[i : i+due])
			i += due
		}
	})
}

// begin has each caller begin somewhere else, so that they do not follow each
// other from key to key.
func (l Load) begin(callers *atomic.Int64) int {
	return int(callers.Add(1)) * (drawn / 3)
}

// Run is Warm and Measure.
func (l Load) Run(b *testing.B, decide func(key string)) {
	l.Warm(decide)
	l.Measure(b, decide)
}
