// Package handover hands the answer of a call to its caller, through a channel that is
// the caller's own.
package handover

import (
	"context"

	"github.com/throttled-go/throttled"
)

// Try sends an outcome to dst and reports whether there was room. (Its parts come one
// by one, because so they travel in registers.)
//
// It may run on a goroutine of a store, or of another caller, neither of whom is at
// fault if dst was closed. So a closed channel has no room here, and the panic comes
// from Insist.
func Try(dst chan<- throttled.Outcome, key string, res throttled.Result, err error) (sent bool) {
	defer func() { _ = recover() }()
	select {
	case dst <- throttled.Outcome{Key: key, Result: res, Err: err}:
		return true
	default:
		return false
	}
}

// Insist waits until outcome is received. If ctx ends first it calls lost. It is for a
// goroutine of its own.
func Insist(ctx context.Context, dst chan<- throttled.Outcome, outcome throttled.Outcome, lost func()) {
	select {
	case dst <- outcome:
	case <-ctx.Done():
		lost()
	}
}
