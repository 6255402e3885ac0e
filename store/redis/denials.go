package redis

import (
	"sync"
	"time"

	"github.com/throttled-go/throttled"
)

// denials is the deny cache: the states of buckets that have denied something.
// A bucket that is not given anything back can only be fuller than its state
// was, so what the state still denies now, Redis would deny too.
//
// It holds two maps, and drops the older one when the newer is full, so it is
// bounded without an order of its entries. A nil one is off.
type denials struct {
	epoch   time.Time
	maxAge  time.Duration
	maxSize int // of one map
	single  bool

	mu           sync.RWMutex
	generation   uint64
	newer, older map[bucketName]*denial
}

// bucketName names a bucket without joining strings.
type bucketName struct {
	law *law
	key string // the user's
}

// denial is the state that Redis denied something in, and two instants that are
// as good as one: when it did by its clock, and by ours when it was not asked
// yet. Our time since is therefore never less than Redis's.
type denial struct {
	words []int64
	now   int64 // µs
	asked time.Duration
}

// asking is when Redis was asked, by our clock and by what was given back.
type asking struct {
	at         time.Duration
	generation uint64
}

func newDenials(size int, maxAge time.Duration) *denials {
	if size == 0 {
		return nil
	}
	if maxAge == 0 {
		maxAge = defaultDenyCacheTime
	}
	return &denials{epoch: time.Now(), maxAge: maxAge, maxSize: max(1, size/2), single: size == 1}
}

// serves reports whether d has to do with req.
func (d *denials) serves(req *throttled.Request) bool {
	return d != nil && req.Op == throttled.OpLimit && req.Within == 0 && req.Cost > 0
}

// look returns the denial of a cost, if it is certain. It requires d to serve
// such a request.
func (d *denials) look(name bucketName, cost int64) (throttled.Result, bool) {
	d.mu.RLock()
	known := d.newer[name]
	if known == nil {
		known = d.older[name]
	}
	d.mu.RUnlock()
	if known == nil {
		return throttled.Result{}, false
	}
	since := time.Since(d.epoch) - known.asked
	if since > d.maxAge {
		return throttled.Result{}, false
	}
	now := known.now + int64((since+time.Microsecond-1)/time.Microsecond)
	res := name.law.peek(known.words, now, cost)
	return res, !res.Allowed
}

// ask returns the instant before Redis is asked.
func (d *denials) ask() asking {
	if d == nil {
		return asking{}
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return asking{time.Since(d.epoch), d.generation}
}

// keep keeps the state that a denial has left, unless something was given back
// since Redis was asked.
func (d *denials) keep(name bucketName, asked asking, a *answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation != asked.generation {
		return
	}
	if len(d.newer) >= d.maxSize {
		if !d.single {
			d.older = d.newer
		}
		d.newer = nil
	}
	if d.newer == nil {
		d.newer = make(map[bucketName]*denial)
	}
	d.newer[name] = &denial{words: a.words, now: a.now, asked: asked.at}
}

// forget forgets what is known of a bucket, and of all that was asked before,
// because something was given back.
func (d *denials) forget(name bucketName) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation++
	delete(d.newer, name)
	delete(d.older, name)
}
