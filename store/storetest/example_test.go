package storetest_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/store"
)

// MapStore is a whole store: a mutex, a map and the clock. Plan.Apply is the
// arithmetic, and store.WaitByRetrying makes callers wait.
type MapStore struct {
	mu     sync.Mutex
	states map[string][]int64 // by the name of the plan and the key; nil once closed
}

func NewMapStore() *MapStore { return &MapStore{states: map[string][]int64{}} }

func (*MapStore) Kind() string { return "map" }

func (s *MapStore) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	return store.WaitByRetrying(ctx, req, s.try)
}

func (s *MapStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states = nil
	return nil
}

// try decides at once.
func (s *MapStore) try(req throttled.Request) (throttled.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		return throttled.Result{}, throttled.ErrClosed
	}
	bucket := req.Plan.Name() + ":" + req.Key
	state := s.states[bucket]
	if state == nil {
		state = make([]int64, req.Plan.Words())
	}
	res, keep := req.Plan.Apply(state, time.Now().UnixNano(), req)
	s.states[bucket] = state
	if keep == 0 {
		delete(s.states, bucket) // it is as good as fresh
	}
	return res, nil
}

// Somebody else's store, which passes the suite, under a limiter.
func Example() {
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerHour(60).WithBurst(2),
		Store: NewMapStore(),
	}))
	for range 3 {
		outcome := <-limiter.Limit(context.Background(), "user:42")
		fmt.Println(outcome.Result.Allowed, outcome.Result.Remaining(), outcome.Err)
	}
	// Output:
	// true 1 <nil>
	// true 0 <nil>
	// false 0 <nil>
}
