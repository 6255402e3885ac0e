package redistest

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// patience is how long anything may take before a test fails. It is long: a
// machine that is busy with other tests is slow, not broken.
const patience = 30 * time.Second

// poll calls try until it returns nil, and gives up with its last error when
// patience is over.
func poll(try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %v: %w", patience, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// each calls f for all items at once and returns the errors of all.
func each[T any](items []T, f func(T) error) error {
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { errs[i] = f(item) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
