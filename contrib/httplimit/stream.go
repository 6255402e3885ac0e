package httplimit

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"github.com/throttled-go/throttled"
)

// StreamLimiter is a limiter of either face as [NewReader] and [NewWriter] need it: with
// [Waiter], and the quota that tells how much may pass at once. A cost of 1 is a byte.
type StreamLimiter interface {
	Waiter
	Quota() throttled.Quota
	Algorithm() throttled.Algorithm
}

// Reader is an io.Reader held to bytes per second. It is for one goroutine at a time, as
// what it reads from. [NewReader] makes one.
type Reader struct {
	from io.Reader
	pace pace
}

// NewReader returns a Reader that hands out what it reads from r as limiter lets it pass
// at key. Readers and Writers with one limiter and one key share its quota.
//
// A Read reads no more than the quota lets through at once, then waits for what it has
// read. If ctx ends while it waits, or the turn cannot come before its deadline, it
// returns an error as WaitN does, and what was read and not let through is lost.
func NewReader(ctx context.Context, r io.Reader, limiter StreamLimiter, key string) *Reader {
	return &Reader{from: r, pace: newPace(ctx, limiter, key)}
}

// Read reads into p, and returns when the quota has let it pass.
func (r *Reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p[:r.pace.piece(len(p))])
	if n > 0 {
		if err := r.pace.wait(n); err != nil {
			return 0, err
		}
	}
	return n, err
}

// Writer is an io.Writer held to bytes per second. It is for one goroutine at a time, as
// what it writes to. [NewWriter] makes one.
type Writer struct {
	to   io.Writer
	pace pace
}

// NewWriter returns a Writer that writes to w as limiter lets it pass at key. Readers and
// Writers with one limiter and one key share its quota.
//
// A Write is cut into pieces no larger than what the quota lets through at once, and
// waits before each. If ctx ends while it waits, or the turn cannot come before its
// deadline, it returns how much was written, and an error as WaitN does.
func NewWriter(ctx context.Context, w io.Writer, limiter StreamLimiter, key string) *Writer {
	return &Writer{to: w, pace: newPace(ctx, limiter, key)}
}

// Write writes p, and returns when all of it has passed.
func (w *Writer) Write(p []byte) (written int, err error) {
	for written < len(p) {
		piece := p[written:][:w.pace.piece(len(p)-written)]
		if err := w.pace.wait(len(piece)); err != nil {
			return written, err
		}
		n, err := w.to.Write(piece)
		if written += n; err != nil {
			return written, err
		}
		if n < len(piece) {
			return written, io.ErrShortWrite
		}
	}
	return written, nil
}

// pace lets bytes pass.
type pace struct {
	// A stream has no parameter for a context, and belongs to one request.
	ctx     context.Context
	limiter Waiter
	key     string
	most    int64 // what passes at once
}

func newPace(ctx context.Context, limiter StreamLimiter, key string) pace {
	p := pace{ctx: ctx, limiter: limiter, key: key, most: math.MaxInt64}
	for _, rate := range limiter.Quota().Rates() {
		p.most = min(p.most, capacityOf(limiter.Algorithm(), rate))
	}
	return p
}

// piece returns how many of n bytes go together.
func (p *pace) piece(n int) int { return int(min(int64(n), p.most)) }

// wait returns when n bytes, at most a piece, may pass.
func (p *pace) wait(n int) error {
	for {
		_, err := p.limiter.WaitN(p.ctx, p.key, int64(n))
		limited, ok := errors.AsType[*throttled.LimitedError](err)
		if !ok {
			return err
		}
		// A leaky bucket turns away what has no room now. The others refuse only what
		// comes too late, and so does this.
		wait := limited.Result.RetryAfter()
		room := time.Now().Add(min(wait, maxStreamWait))
		if deadline, ends := p.ctx.Deadline(); wait == throttled.Never || ends && !room.Before(deadline) {
			return err
		}
		if err := sleepUntil(p.ctx, room); err != nil {
			return err
		}
	}
}

// maxStreamWait keeps instants within what time.Time.Add bears.
const maxStreamWait = 100 * 365 * 24 * time.Hour
