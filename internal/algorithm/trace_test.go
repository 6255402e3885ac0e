package algorithm_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

var kindNames = []string{"TokenBucket", "LeakyBucket", "GCRA", "FixedWindow", "SlidingWindow"}

type op uint8

const (
	opLimit op = iota
	opPeek
	opRefund
	opReset
	opEnter // of a leaky bucket only
	ops
)

var opNames = []string{"Limit", "Peek", "Refund", "Reset", "Enter"}

type step struct {
	op        op
	now, cost int64
}

// trace is a quota and what happened to one key under it. Its String can be pasted
// into a test.
type trace struct {
	kind  algorithm.Kind
	rates []model.Rate
	steps []step
}

func (t trace) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "trace{algorithm.%s, []model.Rate{", kindNames[t.kind])
	for _, r := range t.rates {
		fmt.Fprintf(&b, "{Limit: %d, Period: %d, Burst: %d},", r.Limit, r.Period, r.Burst)
	}
	b.WriteString("}, []step{\n")
	for _, s := range t.steps {
		fmt.Fprintf(&b, "\t{op%s, %d, %d},\n", opNames[s.op], s.now, s.cost)
	}
	return b.String() + "}}"
}

// pair is one key twice: as the law has it and as the model has it.
type pair struct {
	law   *algorithm.Law
	state []int64
	model *model.Bucket
}

func newPair(kind algorithm.Kind, rates []model.Rate) *pair {
	law := algorithm.New(kind, rates...)
	return &pair{law: law, state: make([]int64, law.Words()), model: model.New(kind, rates...)}
}

// do takes one step on both sides and returns what the model tells of it. With
// proven, the model's answer is first checked against a search.
func (p *pair) do(s step, proven bool) (model.Answer, error) {
	if proven {
		if err := p.prove(s); err != nil {
			return model.Answer{}, err
		}
	}
	before := slices.Clone(p.state)
	got, want, seenGot, seenWant := p.answers(s)
	switch {
	case seenGot != seenWant:
		return want, fmt.Errorf("%s of %d at %d: seen at %d, the model says %d", opNames[s.op], s.cost, s.now, seenGot, seenWant)
	case got != want:
		return want, fmt.Errorf("%s of %d at %d:\n law  %+v\n model %+v", opNames[s.op], s.cost, s.now, got, want)
	case !s.changes(want) && !slices.Equal(before, p.state):
		return want, fmt.Errorf("%s of %d at %d changed %v to %v", opNames[s.op], s.cost, s.now, before, p.state)
	}
	return want, nil
}

// changes reports whether a step that was told so may change the state.
func (s step) changes(told model.Answer) bool {
	switch s.op {
	case opReset:
		return true
	case opRefund:
		return s.cost > 0
	}
	return s.op != opPeek && s.cost > 0 && told.Allowed
}

func (p *pair) answers(s step) (got, want model.Answer, seenGot, seenWant int64) {
	seenGot, seenWant = s.now, s.now
	var told algorithm.Answer
	switch s.op {
	case opLimit:
		told, want = p.law.Limit(p.state, s.now, s.cost), p.model.Limit(s.now, s.cost)
	case opPeek:
		told, want = p.law.Peek(p.state, s.now, s.cost), p.model.Peek(s.now, s.cost)
	case opRefund:
		told, want = p.law.Refund(p.state, s.now, s.cost), p.model.Refund(s.now, s.cost)
	case opEnter:
		told, seenGot = p.law.Enter(p.state, s.now, s.cost)
		want, seenWant = p.model.Enter(s.now, s.cost)
	case opReset:
		clear(p.state)
		p.model.Reset()
		told, want = p.law.Peek(p.state, s.now, 1), p.model.Peek(s.now, 1)
	}
	return durations(told, seenGot), want, seenGot, seenWant
}

// prove checks the model itself: it searches for what the model has by closed form.
func (p *pair) prove(s step) error {
	if s.op == opEnter {
		return p.proveEnter(s)
	}
	return same(s, p.model.Peek(s.now, s.cost), p.model.SearchPeek(s.now, s.cost))
}

// proveEnter does so for the queue. The turn of one who has room is the instant at
// which the bucket would be as good as new without it.
func (p *pair) proveEnter(s step) error {
	after := p.model.Clone()
	told, seen := after.Enter(s.now, s.cost)
	searched := p.model.SearchEnter(s.now, s.cost)
	if searched.Allowed && s.cost > 0 {
		if leaked := s.now + p.model.SearchPeek(s.now, 0).ResetAfter; seen != leaked {
			return fmt.Errorf("the model itself, Enter of %d at %d: seen at %d, not %d", s.cost, s.now, seen, leaked)
		}
		searched = after.SearchPeek(seen, 0)
	}
	return same(s, told, searched)
}

func same(s step, closed, searched model.Answer) error {
	if closed != searched {
		return fmt.Errorf("the model itself, %s of %d at %d:\n closed   %+v\n searched %+v", opNames[s.op], s.cost, s.now, closed, searched)
	}
	return nil
}

// durations turns the instants of an answer into what a caller is told at seen.
func durations(a algorithm.Answer, seen int64) model.Answer {
	return model.Answer{
		Allowed:    a.Turn == seen,
		Limit:      a.Binding.Capacity,
		Rate:       a.Binding.Index,
		Remaining:  a.Remaining,
		ResetAfter: a.ResetAfter(seen),
		RetryAfter: a.RetryAfter(seen),
	}
}

// replay takes all steps and returns the index of the first that disagrees.
func replay(t trace, proven bool) (int, error) {
	p := newPair(t.kind, t.rates)
	for i, s := range t.steps {
		if _, err := p.do(s, proven); err != nil {
			return i, err
		}
	}
	return -1, nil
}

// shrink drops steps as long as the trace still fails.
func shrink(t trace) (trace, error) {
	failed, err := replay(t, false)
	if failed < 0 {
		return t, nil
	}
	t.steps = t.steps[:failed+1]
	for i := len(t.steps) - 2; i >= 0; i-- {
		less := t
		less.steps = slices.Delete(slices.Clone(t.steps), i, i+1)
		if at, e := replay(less, false); at >= 0 {
			less.steps = less.steps[:at+1]
			t, err = less, e
			i = len(t.steps) - 1 // what could not go before may go now
		}
	}
	return t, err
}
