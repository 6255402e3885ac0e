package redis

import (
	"sync"

	"github.com/throttled-go/throttled"
)

// laws keeps what plans were compiled to. Plans of one name share it.
type laws struct {
	processes int64 // by which a local quota is divided; 0: there is none

	mu   sync.RWMutex
	made map[string]*compiled
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
	l.mu.RLock()
	c := l.made[plan.Name()]
	l.mu.RUnlock()
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
	if known := l.made[plan.Name()]; known != nil {
		return known, nil
	}
	if l.made == nil || len(l.made) >= maxLaws {
		l.made = make(map[string]*compiled)
	}
	l.made[plan.Name()] = c
	return c, nil
}
