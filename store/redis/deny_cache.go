package redis

import (
	"sync"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis/internal/script"
)

// denyCache keeps the states of buckets that have denied something. A bucket that
// is not given anything back can only be fuller than its state was, so what the
// state still denies now, Redis would deny too.
//
// It holds two maps and drops the older one when the newer is full, so it is
// bounded without an order of its entries. A nil one is off.
type denyCache struct {
	epoch   time.Time
	maxAge  time.Duration
	maxSize int // of one map
	single  bool

	mu           sync.RWMutex
	generation   uint64 // grows whenever something is given back
	newer, older map[bucketName]*denial
}

// bucketName names a bucket without joining strings.
type bucketName struct {
	plan *plan
	key  string // the user's
}

// denial is the state in which Redis denied something, and when Redis was asked
// by our clock. Our time since then is never less than Redis's.
type denial struct {
	bucket *script.Bucket
	asked  time.Duration
}

// asking is when Redis is asked: by our clock, and by what was given back before.
type asking struct {
	at         time.Duration
	generation uint64
}

func newDenyCache(size int, maxAge time.Duration) *denyCache {
	if size == 0 {
		return nil
	}
	if maxAge == 0 {
		maxAge = defaultDenyCacheTime
	}
	return &denyCache{epoch: time.Now(), maxAge: maxAge, maxSize: max(1, size/2), single: size == 1}
}

// serves reports whether requests like req may be denied from memory.
func (d *denyCache) serves(req *throttled.Request) bool {
	return d != nil && req.Op == throttled.OpLimit && req.Within == 0 && req.Cost > 0
}

// look returns the denial of a cost, if it is certain. It requires that d serves
// the request.
func (d *denyCache) look(name bucketName, cost int64) (throttled.Result, bool) {
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
	res := known.bucket.Peek(since, cost)
	return res, !res.Allowed
}

// ask returns the instant before Redis is asked.
func (d *denyCache) ask() asking {
	if d == nil {
		return asking{}
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return asking{time.Since(d.epoch), d.generation}
}

// keep keeps the bucket that has denied something, unless something was given
// back since Redis was asked.
func (d *denyCache) keep(name bucketName, asked asking, bucket *script.Bucket) {
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
	d.newer[name] = &denial{bucket: bucket, asked: asked.at}
}

// forget forgets a bucket, and all that was asked before, because something was
// given back.
func (d *denyCache) forget(name bucketName) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation++
	delete(d.newer, name)
	delete(d.older, name)
}
