// Package record writes down what a limiter is asked in production, as the
// file that "throttled-bench tune -csv" reads.
//
//	recorder, err := record.New(record.Options{Out: file, Shadow: true})
//	limiter, err := sync.New(throttled.Config{Quota: …, Hooks: []throttled.Hook{recorder.Hook}})
//
// With Shadow the limiter only looks: it decides, the decision is written
// down, and the caller is let through.
package record

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throttled-go/throttled"
)

// Options are the settings of a [Recorder]. The zero value of each is its
// default, but Out, which must be set.
type Options struct {
	// Out is where the records go. The recorder writes to it from one goroutine,
	// some records at a time, and does not close it.
	Out io.Writer

	// Shadow lets every caller through, whatever the limiter decides, and has no
	// Wait wait. What is decided is written down. An error of the store lets
	// the caller through too.
	Shadow bool

	// Every is how many clients share one place in the file: of so many keys, all
	// requests of one are written, and none of the others. 0 means 1: all. Whole
	// clients are left out, never single requests, so that what is written of
	// one is true. Which ones differs from recorder to recorder, unless there is
	// a Secret.
	Every int

	// Most is the number of records after which no more are written, from 1 up. 0
	// means 1,000,000, which are some 40 MB.
	Most int64

	// Backlog is how many records may wait for a slow Out, at 80 bytes and the key
	// each; those beyond it are dropped and counted. 0 means 8192.
	Backlog int

	// Secret makes the file tell no keys: each is written as 16 bytes of its
	// HMAC-SHA-256, in hexadecimal. Recorders with one Secret write the same for
	// one key. Nil: keys are written as they are. It must have at least 16 bytes.
	Secret []byte
}

const (
	defaultMost    = 1_000_000
	defaultBacklog = 8192
	leastSecret    = 16
)

func (o *Options) validate() error {
	var err error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			err = errors.Join(err, fmt.Errorf("record: "+format, args...))
		}
	}
	fault(o.Out == nil, "Out is nil; it must be a writer, like a file")
	fault(o.Every < 0, "Every is %d; it must be 0 (every client) or more", o.Every)
	fault(o.Most < 0, "Most is %d; it must be 0 (1,000,000) or more", o.Most)
	fault(o.Backlog < 0, "Backlog is %d; it must be 0 (8192) or more", o.Backlog)
	fault(o.Secret != nil && len(o.Secret) < leastSecret, "Secret has %d bytes; it must have at least %d", len(o.Secret), leastSecret)
	return err
}

// Recorder writes down the calls of the limiters that have its Hook. Its
// methods are safe for concurrent use.
type Recorder struct {
	options Options
	seed    maphash.Seed
	records chan entry
	ended   chan struct{} // closed when the goroutine has written all
	err     error         // of Out; to be read when ended is closed

	mu     sync.RWMutex // held for writing by Close: nobody sends on a closed channel
	closed bool

	taken, written, dropped atomic.Int64
}

// entry is one call.
type entry struct {
	at      int64 // Unix nanoseconds
	key     string
	cost    int64
	allowed bool
}

// New returns a recorder that runs until Close, or reports every fault of its
// options.
func New(options Options) (*Recorder, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	options.Every = max(1, options.Every)
	if options.Most == 0 {
		options.Most = defaultMost
	}
	if options.Backlog == 0 {
		options.Backlog = defaultBacklog
	}
	r := &Recorder{
		options: options,
		seed:    maphash.MakeSeed(),
		records: make(chan entry, options.Backlog),
		ended:   make(chan struct{}),
	}
	go r.run()
	return r, nil
}

// Hook goes around the decisions of a limiter, see [throttled.Config]. It never
// blocks on Out.
func (r *Recorder) Hook(next throttled.Handler) throttled.Handler {
	return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
		at := time.Now()
		if r.options.Shadow {
			call.Wait = false // to look takes no time
		}
		res, err := next(ctx, call)
		if err == nil || r.options.Shadow {
			r.record(entry{at.UnixNano(), call.Key, call.Cost, res.Allowed && err == nil})
		}
		if !r.options.Shadow || ctx.Err() != nil {
			return res, err
		}
		if err == nil && res.Allowed {
			return res, nil
		}
		state := res.State()
		state.RetryAfter = 0
		return throttled.NewResult(true, state), nil
	}
}

// record takes a call, if its client is one of those that are written.
func (r *Recorder) record(e entry) {
	key := e.key
	if r.options.Secret != nil {
		key = r.hashed(key)
	}
	if r.options.Every > 1 && r.place(key)%uint64(r.options.Every) != 0 {
		return
	}
	e.key = key
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed || r.taken.Add(1) > r.options.Most {
		r.dropped.Add(1)
		return
	}
	select {
	case r.records <- e:
	default:
		r.taken.Add(-1)
		r.dropped.Add(1)
	}
}

// hashed returns what is written for a key that is not to be known.
func (r *Recorder) hashed(key string) string {
	mac := hmac.New(sha256.New, r.options.Secret)
	_, _ = mac.Write([]byte(key)) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// place returns a number that is always the same for a key. A hashed key is
// one by itself.
func (r *Recorder) place(key string) uint64 {
	if r.options.Secret == nil {
		return maphash.String(r.seed, key)
	}
	sum := sha256.Sum256([]byte(key))
	var n uint64
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

// Stats are how many records were written, and how many were not: beyond Most,
// beyond Backlog, or after Close.
type Stats struct{ Written, Dropped int64 }

// Stats returns the counts so far. Both are of the clients that are written at
// all.
func (r *Recorder) Stats() Stats { return Stats{r.written.Load(), r.dropped.Load()} }

// Close writes what is still waiting, and returns the first error of Out. After
// it the Hook still works, and writes nothing.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.records)
	}
	r.mu.Unlock()
	<-r.ended
	return r.err
}
