package correct

import (
	"time"

	"github.com/throttled-go/throttled/bench/peers"
)

const key = "user:42"

// Count is how many decisions were asked for, and how many were wrong.
type Count struct {
	Asked          int     `json:"asked"`
	WronglyAllowed int     `json:"wrongly_allowed"`
	WronglyDenied  int     `json:"wrongly_denied"`
	Beyond         float64 `json:"beyond"` // the most that ever stood above the law, in requests of cost 1
}

// subject is a peer at one key, and its law, charged with what it lets through.
type subject struct {
	limiter peers.Limiter
	law     model // begins with the first request
	begin   func(now int64) model
	// slack is how far the clock of the peer may be from what is read around the
	// call: nothing in a bubble, where time stands still while anybody runs.
	slack time.Duration
}

func newSubject(p peers.Peer, s peers.Settings, slack time.Duration) (*subject, error) {
	made := time.Now().UnixNano()
	limiter, err := p.New(s)
	if err != nil {
		return nil, err
	}
	begin := func(now int64) model { return newModel(p.Law, s, made, now) }
	return &subject{limiter: limiter, begin: begin, slack: slack}, nil
}

// answer is a decision, and what the law says at the earliest and the latest
// instant at which it can have been made.
type answer struct {
	peers.Decision
	early, late bool
	now         int64 // just after
}

func (a answer) wronglyAllowed() bool { return a.Allowed && !a.early && !a.late }
func (a answer) wronglyDenied() bool  { return !a.Allowed && a.early && a.late }

// ask puts a request to the peer, and charges the law with what passes.
func (s *subject) ask(cost int64) answer {
	before := time.Now().Add(-s.slack).UnixNano()
	decision := s.limiter.Decide(key, cost)
	now := time.Now().UnixNano()
	if s.law == nil {
		s.law = s.begin(now)
	}
	a := answer{
		Decision: decision, now: now,
		early: s.law.conforms(before, cost), late: s.law.conforms(now+int64(s.slack), cost),
	}
	if a.Allowed {
		s.law.charge(now, cost)
	}
	return a
}

// judge counts the wrong answers to steps.
func judge(s *subject, steps []step) (count Count) {
	for _, step := range steps {
		time.Sleep(step.gap)
		a := s.ask(step.cost)
		count.Asked++
		if a.wronglyAllowed() {
			count.WronglyAllowed++
			count.Beyond = max(count.Beyond, s.law.beyond(a.now))
		}
		if a.wronglyDenied() {
			count.WronglyDenied++
		}
	}
	return count
}

// exhaust asks until it is denied, and returns that answer; ok is false if it
// never is.
func (s *subject) exhaust(most int64) (denial answer, ok bool) {
	for range 2 * most {
		if denial = s.ask(1); !denial.Allowed {
			return denial, true
		}
	}
	return denial, false
}

// fill asks for as much as the law allows, so that nothing is denied.
func (s *subject) fill(most int64) answer {
	a := s.ask(1)
	for n := int64(1); n < most && s.law.conforms(a.now, 1); n++ {
		a = s.ask(1)
	}
	return a
}

// wait returns the least duration after which the law lets cost pass, if
// nothing else comes: the end of doubling and halving, since it never denies
// again what it once allows.
func (s *subject) wait(now, cost int64) time.Duration {
	late := int64(1)
	for !s.law.conforms(now+late, cost) {
		late *= 2
	}
	early := late / 2
	for late-early > 1 {
		if middle := early + (late-early)/2; s.law.conforms(now+middle, cost) {
			late = middle
		} else {
			early = middle
		}
	}
	return time.Duration(late)
}
