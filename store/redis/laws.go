package redis

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/throttled-go/throttled"
)

// laws keeps what plans were compiled to. Plans of one name share it.
type laws struct {
	processes int64 // by which a local quota is divided; 0: there is none

	made atomic.Pointer[map[string]*compiled] // what it points to is never changed
	mu   sync.Mutex                           // held to put another in its place
}

// compiled is a plan as the store needs it.
type compiled struct {
	law   *law
	local *throttled.Plan // that of the store to fall back to
}

// maxLaws is how many are kept. Programs have few; one that makes quotas as it
// goes must not fill the memory with them.
const maxLaws = 4096

// of returns plan compiled, or why it cannot be.
func (l *laws) of(plan *throttled.Plan) (*compiled, error) {
	c := l.known()[plan.Name()]
	if c != nil {
		return c, nil
	}
	if err := check(plan); err != nil {
		return nil, err
	}
	c = &compiled{law: compile(plan)}
	if l.processes > 0 {
		local, err := divide(plan, l.processes)
		if err != nil {
			return nil, err
		}
		c.local = local
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.known()[plan.Name()]; known != nil {
		return known, nil
	}
	made := map[string]*compiled{plan.Name(): c}
	if len(l.known()) < maxLaws {
		maps.Copy(made, l.known())
	}
	l.made.Store(&made)
	return c, nil
}

// known returns what was made by now.
func (l *laws) known() map[string]*compiled {
	if made := l.made.Load(); made != nil {
		return *made
	}
	return nil
}
