package workload

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Described is a workload in a few numbers. Requests come at random, each
// independent of the others (a Poisson process), and equal descriptions make
// equal workloads.
type Described struct {
	Keys     int
	Zipf     float64       // exponent of the popularity of keys, above 1; 0: all are alike
	Requests int64         // in each Per
	Per      time.Duration // of the rate of all keys together
	MinCost  int64
	MaxCost  int64 // every cost from MinCost to it is as likely
	For      time.Duration
	Seed     uint64
}

// MaxRequests is the greatest expected size of a described workload: more
// would not fit into the memory of a small machine.
const MaxRequests = 50_000_000

// Start is the instant at which a described workload begins. The windows of
// the library begin at whole multiples of their period, as it does of most.
var Start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// String describes d as its flags do.
func (d Described) String() string {
	popularity := "all alike"
	if d.Zipf != 0 {
		popularity = fmt.Sprintf("zipf %v", d.Zipf)
	}
	return fmt.Sprintf("%d in %v for %v by %d keys (%s) at a cost of %d to %d, seed %d",
		d.Requests, d.Per, d.For, d.Keys, popularity, d.MinCost, d.MaxCost, d.Seed)
}

// Generate makes the workload, or says everything that is wrong with d.
func (d Described) Generate() (*Workload, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(d.Seed, 0))
	key := d.keys(random)
	b := newBuilder()
	gap := float64(d.Per) / float64(d.Requests)
	for after := random.ExpFloat64() * gap; after < float64(d.For); after += random.ExpFloat64() * gap {
		cost := d.MinCost + random.Int64N(d.MaxCost-d.MinCost+1)
		if err := b.add(Start.UnixNano()+int64(after), key(), cost); err != nil {
			return nil, err
		}
	}
	return b.finish()
}

// keys returns a function that draws a key.
func (d Described) keys(random *rand.Rand) func() string {
	name := func(n uint64) string { return "client-" + strconv.FormatUint(n+1, 10) }
	if d.Zipf == 0 {
		return func() string { return name(random.Uint64N(uint64(d.Keys))) }
	}
	zipf := rand.NewZipf(random, d.Zipf, 1, uint64(d.Keys-1))
	return func() string { return name(zipf.Uint64()) }
}

func (d Described) validate() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(d.Keys < 1 || d.Keys > 1<<28, "-keys is %d; it must be from 1 to %d", d.Keys, 1<<28)
	fault(d.Zipf != 0 && !(d.Zipf > 1 && d.Zipf <= 10), "-zipf is %v; it must be above 1 and at most 10, or 0 for keys that are all alike", d.Zipf)
	fault(d.Requests < 1 || d.Per < 1, "-rate is %d/%v; it must be like 20000/s", d.Requests, d.Per)
	fault(d.MinCost < 0 || d.MaxCost < d.MinCost || d.MaxCost > maxCost, "-cost is %d-%d; it must be a number, or two like 1-10, of 0 to %d", d.MinCost, d.MaxCost, int64(maxCost))
	fault(d.For < 1, "-for is %v; it must be longer than 0, like 1m", d.For)
	if faults == nil {
		expected := float64(d.Requests) * float64(d.For) / float64(d.Per)
		fault(expected > MaxRequests, "-rate for -for makes %.0f requests; at most %d are replayed: give a shorter -for", expected, MaxRequests)
	}
	return errors.Join(faults...)
}
