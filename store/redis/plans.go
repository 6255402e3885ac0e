package redis

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// plans keeps what plans were compiled to. Plans of one name share it.
type plans struct {
	processes int64 // by which the quota of the local store is divided; 0: there is none

	made atomic.Pointer[map[string]*plan] // never changed, only replaced
	mu   sync.Mutex                       // held to replace it
}

// plan is a plan as the store needs it.
type plan struct {
	*script.Plan
	local *throttled.Plan // for the store to fall back to
}

// maxPlans bounds what is kept. Programs have few plans; one that makes quotas as
// it goes must not fill the memory with them.
const maxPlans = 4096

// of returns p compiled, or why it cannot be.
func (ps *plans) of(p *throttled.Plan) (*plan, error) {
	if known := ps.known()[p.Name()]; known != nil {
		return known, nil
	}
	if err := script.Check(p); err != nil {
		return nil, err
	}
	compiled := &plan{Plan: script.Compile(p)}
	if ps.processes > 0 {
		local, err := divide(p, ps.processes)
		if err != nil {
			return nil, err
		}
		compiled.local = local
	}
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if known := ps.known()[p.Name()]; known != nil {
		return known, nil
	}
	made := map[string]*plan{p.Name(): compiled}
	if len(ps.known()) < maxPlans {
		maps.Copy(made, ps.known())
	}
	ps.made.Store(&made)
	return compiled, nil
}

// known returns what was made by now.
func (ps *plans) known() map[string]*plan {
	if made := ps.made.Load(); made != nil {
		return *made
	}
	return nil
}
