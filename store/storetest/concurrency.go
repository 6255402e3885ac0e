package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/throttled-go/throttled"
)

// concurrency is about many goroutines at once. It says most under the race
// detector.
func (s *suite) concurrency() (cases []testCase) {
	for _, a := range everyAlgorithm {
		cases = append(cases, testCase{a.String() + " admits what the quota has and no more", func(b *trial) { b.admits(a) }})
		if !s.real {
			cases = append(cases, testCase{a.String() + " lets a crowd through at the pace of the quota", func(b *trial) { b.crowd(a) }})
		}
		cases = append(cases, testCase{a.String() + " comes to rest after everything at once", func(b *trial) { b.everything(a) }})
	}
	return cases
}

// together runs do in many goroutines and returns when all are done.
func together(many int, do func(i int)) {
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() { do(i) })
	}
	group.Wait()
}

// admits has 16 goroutines ask 4 keys for 320 each, of which there are 100.
func (b *trial) admits(a throttled.Algorithm) {
	const room = 100
	l := b.newLimiter(throttled.Config{Algorithm: a, Quota: throttled.Per(room, b.window()).And(throttled.Per(200, 24*b.window()))})
	var mu sync.Mutex
	admitted := map[string]int64{}
	together(16, func(i int) {
		for n := range 80 {
			key := fmt.Sprint("key ", (i+n)%4)
			res, err := l.LimitN(b.ctx, key, 1)
			if err != nil {
				b.Errorf("LimitN: %v", err)
			}
			if res.Allowed {
				mu.Lock()
				admitted[key]++
				mu.Unlock()
			}
		}
	})
	most := int64(room)
	if a <= throttled.GCRA {
		most += int64(b.now() * room / b.window()) // what came back meanwhile
	}
	for key, n := range admitted {
		if n < room || n > most {
			b.Errorf("%s: %d admitted, want %d to %d", key, n, room, most)
		}
	}
	if len(admitted) != 4 {
		b.Errorf("%d keys, want 4", len(admitted))
	}
}

// crowd has 20 come at once for what there is five times; nobody cares who
// goes first.
func (b *trial) crowd(a throttled.Algorithm) {
	l := b.of(a, "24/d burst 5")
	many := 20
	turn := func(i int) time.Duration { return time.Duration(max(0, i-4)) * hour }
	switch a {
	case throttled.LeakyBucket: // what does not fit is refused
		many = 5
		turn = func(i int) time.Duration { return time.Duration(i) * hour }
	case throttled.FixedWindow:
		l = b.of(a, "5/h")
		turn = func(i int) time.Duration { return time.Duration(i/5) * hour }
	case throttled.SlidingWindow: // by turns an empty window before and a full one
		l = b.of(a, "5/h")
		turn = func(i int) time.Duration {
			if i < 5 {
				return 0
			}
			return hour + time.Duration(i-4)*12*minute
		}
		many = 10
	}
	var mu sync.Mutex
	var turns []time.Duration
	together(many, func(int) {
		res, err := l.WaitN(b.ctx, key, 1)
		if err != nil || !res.Allowed {
			b.Errorf("WaitN: %v, allowed is %v", err, res.Allowed)
		}
		mu.Lock()
		defer mu.Unlock()
		turns = append(turns, b.now())
	})
	slices.Sort(turns)
	for i, at := range turns {
		if !b.line && a == throttled.LeakyBucket && at >= turn(i) {
			continue // two who enter at once may each take the other for the one before
		}
		b.isAt(fmt.Sprintf("number %d", i), at, turn(i))
	}
}

// everything does all there is to do at once, and some of it gives up. Then
// the keys are given time to be as good as new.
func (b *trial) everything(a throttled.Algorithm) {
	l := b.of(a, "3/3ms; 4/4ms")
	together(16, func(i int) {
		random := rand.New(rand.NewPCG(uint64(i), uint64(a)))
		for range 30 {
			ctx, cancel := context.WithTimeout(b.ctx, time.Duration(random.Int64N(int64(20*millisecond))))
			b.anything(ctx, l, fmt.Sprint("key ", random.IntN(3)), random)
			cancel()
		}
	})
	for i := range 3 {
		key := fmt.Sprint("key ", i)
		state := b.peek(l, key)
		for state.ResetAfter > 0 {
			time.Sleep(state.ResetAfter + b.tick)
			state = b.peek(l, key)
			if !b.real {
				break // out there a call that was given up may still have charged
			}
		}
		if state.Remaining != state.Limit || state.ResetAfter != 0 {
			b.Errorf("%s does not come to rest: %+v", key, state)
		}
	}
}

// anything makes one call; it may fail only because its context ended or its
// turn would have come too late.
func (b *trial) anything(ctx context.Context, l Limiter, key string, random *rand.Rand) {
	var err error
	switch cost := random.Int64N(4); random.IntN(8) {
	case 0:
		_, err = l.Peek(ctx, key)
	case 1:
		_, err = l.Refund(ctx, key, cost)
	case 2:
		err = l.Reset(ctx, key)
	case 3, 4:
		_, err = l.LimitN(ctx, key, cost)
	default:
		_, err = l.WaitN(ctx, key, cost)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) { // a store may see the deadline before ctx does
		b.isError("a call", err, throttled.ErrLimited)
	}
}
