package httplimit

import (
	"sync"
	"time"
)

// pauses has, for each key, until when its server asks to be left alone. The zero value
// is ready. It is safe for concurrent use.
type pauses struct {
	mu      sync.Mutex
	untils  map[string]time.Time
	sweepAt int // when there are so many, those that are over go
}

// minSweep is how many pauses are kept, whether or not they are over.
const minSweep = 64

// until returns when the pause of key ends, and the zero time if there is none at now.
func (p *pauses) until(key string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.untils[key]
	if !ok || until.After(now) {
		return until
	}
	delete(p.untils, key)
	return time.Time{}
}

// extend makes the pause of key last until then. It never makes one shorter: answers
// may come in another order than they were given in.
func (p *pauses) extend(key string, until, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.untils == nil {
		p.untils, p.sweepAt = map[string]time.Time{}, minSweep
	}
	if until.After(p.untils[key]) {
		p.untils[key] = until
	}
	if len(p.untils) >= p.sweepAt {
		p.sweep(now)
	}
}

// sweep requires mu held.
func (p *pauses) sweep(now time.Time) {
	for key, until := range p.untils {
		if !until.After(now) {
			delete(p.untils, key)
		}
	}
	p.sweepAt = max(minSweep, 2*len(p.untils))
}
