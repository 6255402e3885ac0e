package correct

import (
	"math/rand/v2"
	"time"

	"github.com/throttled-go/throttled/bench/peers"
)

// Promises is what became of a peer's word on when to come again.
type Promises struct {
	Told    int           `json:"told"`
	Kept    int           `json:"kept"`    // allowed after just that time
	Soon    int           `json:"soon"`    // denied then, and allowed a microsecond later
	TooLong time.Duration `json:"toolong"` // the most by which it could have been shorter
}

// promises exhausts a key, comes again after just what it is told, and does so
// many times.
func promises(p peers.Peer, s peers.Settings, times int, slack time.Duration) (made Promises, err error) {
	random := rand.New(rand.NewPCG(5, 8))
	for range times {
		time.Sleep(time.Duration(random.Int64N(int64(s.Period))))
		subject, err := newSubject(p, s, slack)
		if err != nil {
			return made, err
		}
		if _, denied := subject.exhaust(s.Limit + s.Burst); denied {
			time.Sleep(time.Duration(random.Int64N(1 + int64(s.Period)/s.Limit)))
			if denial := subject.ask(1); !denial.Allowed {
				made.hold(subject, denial)
			}
		}
		if err := subject.limiter.Close(); err != nil {
			return made, err
		}
	}
	return made, nil
}

func (made *Promises) hold(s *subject, denial answer) {
	made.Told++
	made.TooLong = max(made.TooLong, denial.RetryAfter-s.wait(denial.now, 1))
	time.Sleep(denial.RetryAfter)
	if s.ask(1).Allowed {
		made.Kept++
		return
	}
	time.Sleep(time.Microsecond)
	if s.ask(1).Allowed {
		made.Soon++
	}
}

// denialsCost reports whether those that a peer denies put off those that come
// after: whether a request that passes at its time no longer does once others
// have been denied before it, or one that fits after a greater one that did not.
func denialsCost(p peers.Peer, s peers.Settings, slack time.Duration) (bool, error) {
	quiet, err := passesAfter(p, s, slack, 0)
	if err != nil {
		return false, err
	}
	pestered, err := passesAfter(p, s, slack, 20)
	if err != nil {
		return false, err
	}
	if quiet && !pestered || !p.Costs {
		return quiet && !pestered, nil
	}
	subject, err := newSubject(p, s, slack)
	if err != nil {
		return false, err
	}
	subject.ask(1)
	greater := subject.ask(min(s.Limit, s.Burst))
	return !greater.Allowed && subject.ask(1).wronglyDenied(), subject.limiter.Close()
}

// passesAfter uses a key up, has so many denied until its time has come, and
// reports whether the next one passes.
func passesAfter(p peers.Peer, s peers.Settings, slack time.Duration, denials int) (bool, error) {
	subject, err := newSubject(p, s, slack)
	if err != nil {
		return false, err
	}
	last := subject.fill(s.Limit + s.Burst)
	due := time.Now().Add(subject.wait(last.now, 1))
	gap := time.Until(due) / time.Duration(denials+1)
	for range denials {
		time.Sleep(gap)
		subject.ask(1)
	}
	time.Sleep(time.Until(due) + slack + time.Microsecond)
	return subject.ask(1).Allowed, subject.limiter.Close()
}
