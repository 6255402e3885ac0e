package grpclimit

import (
	"fmt"
	"strings"

	"github.com/throttled-go/throttled"
)

// methods finds the limiter of a method. L is [Limiter] or [Waiter].
type methods[L any] struct {
	all    L
	byName map[string]L // the full name of a method, or "/package.Service/*"
}

// newMethods returns a copy of byName that can be looked up, or what is wrong
// with its names.
func newMethods[L any](all L, byName map[string]L) (methods[L], []error) {
	m := methods[L]{all: all, byName: make(map[string]L, len(byName))}
	var faults []error
	for name, limiter := range byName {
		service, method, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/")
		if !ok || name[0] != '/' || service == "" || method == "" || strings.Contains(method, "/") {
			faults = append(faults, fmt.Errorf("%w: Methods has %q; a name is /package.Service/Method, or /package.Service/* for all of a service",
				throttled.ErrInvalidConfig, name))
		}
		m.byName[name] = limiter
	}
	return m, faults
}

// of returns the limiter of method: its own, else that of its service, else
// that of all.
func (m *methods[L]) of(method string) L {
	if len(m.byName) == 0 {
		return m.all
	}
	if limiter, ok := m.byName[method]; ok {
		return limiter
	}
	if end := strings.LastIndexByte(method, '/'); end >= 0 {
		if limiter, ok := m.byName[method[:end+1]+"*"]; ok {
			return limiter
		}
	}
	return m.all
}
