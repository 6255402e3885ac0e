package algorithm_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

// key is one key under one quota. It answers in durations.
type key struct {
	kind  algorithm.Kind
	rates []model.Rate
	law   *algorithm.Law
	state []int64
}

func newKey(kind algorithm.Kind, rates ...model.Rate) *key {
	law := algorithm.New(kind, rates...)
	return &key{kind: kind, rates: rates, law: law, state: make([]int64, law.Words())}
}

// as is the same key in another state.
func (k *key) as(state []int64) *key {
	c := *k
	c.state = slices.Clone(state)
	return &c
}

func (k *key) clone() *key { return k.as(k.state) }
func (k *key) fresh() *key { return k.as(make([]int64, len(k.state))) }

func (k *key) limit(now, cost int64) model.Answer {
	return durations(k.law.Limit(k.state, now, cost), now)
}

func (k *key) peek(now, cost int64) model.Answer {
	return durations(k.law.Peek(k.state, now, cost), now)
}

func (k *key) refund(now, cost int64) model.Answer {
	return durations(k.law.Refund(k.state, now, cost), now)
}

func (k *key) enter(now, cost int64) (model.Answer, int64) {
	told, seen := k.law.Enter(k.state, now, cost)
	return durations(told, seen), seen
}

func (k *key) do(s step) model.Answer {
	switch s.op {
	case opLimit:
		return k.limit(s.now, s.cost)
	case opRefund:
		return k.refund(s.now, s.cost)
	case opReset:
		clear(k.state)
	case opEnter:
		told, _ := k.enter(s.now, s.cost)
		return told
	}
	return k.peek(s.now, s.cost)
}

// least is the smallest capacity of the rates: the greatest cost that can ever be
// allowed.
func (k *key) least() int64 {
	least := k.rates[0].Capacity(k.kind)
	for _, r := range k.rates {
		least = min(least, r.Capacity(k.kind))
	}
	return least
}

// trials runs a property over many keys with a history, each at some instant now.
// The name of a failing trial tells its seed.
func trials(t *testing.T, of []algorithm.Kind, property func(t *testing.T, rng *rand.Rand, k *key, now int64)) {
	t.Helper()
	const perKind = 1500
	for _, kind := range of {
		t.Run(kindNames[kind], func(t *testing.T) {
			for seed := range uint64(perKind) {
				rng := rand.New(rand.NewPCG(seed, uint64(kind)))
				k, now := stirred(rng, kind)
				property(t, rng, k, now)
				if t.Failed() {
					t.Fatalf("seed %d: %+v in state %v at %d", seed, k.rates, k.state, now)
				}
			}
		})
	}
}

// stirred is a key under a random quota to which something has happened.
func stirred(rng *rand.Rand, kind algorithm.Kind) (*key, int64) {
	k := newKey(kind, domain.Rates(rng, []int{1, 1, 2, 1 + rng.IntN(algorithm.MaxRates)}[rng.IntN(4)])...)
	w := k.walker(rng, domain.Epochs[rng.IntN(len(domain.Epochs))])
	for range rng.IntN(20) {
		w.heard(k.do(w.next()))
	}
	return k, w.Now
}

// buckets are the kinds that share the law of the bucket.
var buckets = []algorithm.Kind{algorithm.TokenBucket, algorithm.LeakyBucket, algorithm.GCRA}
