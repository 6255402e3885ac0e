package redistest

import (
	"errors"
	"testing"
)

// running is a server or a set of them.
type running interface {
	URL() string
	launch() error
	close() error
}

// forTest starts something for one test, and closes it when the test ends.
func forTest[T running](t testing.TB, start func([]Option) (T, error), opts []Option) T {
	t.Helper()
	Require(t)
	what, err := start(opts)
	must(t, err)
	t.Cleanup(func() { end(t, what) })
	return what
}

// launched builds something from its settings and launches it, on other ports if
// another program took one of them.
func launched[T running](opts []Option, build func(settings) (T, error)) (what T, err error) {
	set, err := newSettings(opts)
	if err != nil {
		return what, err
	}
	return again(func() (T, error) {
		what, err := build(set)
		if err != nil {
			return what, err
		}
		if err := what.launch(); err != nil {
			return what, errors.Join(err, what.close())
		}
		return what, nil
	})
}

// again calls start until it no longer fails with errPortTaken, a few times at
// most.
func again[T any](start func() (T, error)) (T, error) {
	for range 4 {
		value, err := start()
		if !errors.Is(err, errPortTaken) {
			return value, err
		}
	}
	return start()
}
