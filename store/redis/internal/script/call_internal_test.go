package script

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// TestGathered sends many operations in one call, and the same operations on
// other buckets one by one. The answers are equal, and so is what is stored.
func TestGathered(t *testing.T) {
	s := startServer(t)
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 2))
		laws := relatedLaws(t, rng)
		for round := range 3 {
			now := noon + int64(seed)*tickSecond + int64(round)*rng.Int64N(5000)
			together := relatedOperations(rng, laws, fmt.Sprint("together ", seed))
			alone := slices.Clone(together)
			var want []Answer
			for i := range alone {
				alone[i].key = strings.Replace(alone[i].key, "together", "alone", 1)
				want = append(want, s.ask(now, alone[i])...)
			}
			got := s.ask(now, together...)
			for i := range got {
				if got[i].Place != nil {
					got[i].Place.key = alone[i].key
				}
				require.NoError(t, got[i].Err)
				want[i].Bucket, got[i].Bucket = nil, nil // what is stored says more
				want[i].Result, got[i].Result = plain(want[i].Result), plain(got[i].Result)
				require.Equal(t, want[i], got[i], "seed %d: %d of %+v", seed, i, together)
				wantValue, wantExpires := s.value(alone[i].key)
				value, expires := s.value(together[i].key)
				require.Equal(t, wantValue, value)
				require.Equal(t, wantExpires, expires)
			}
		}
	}
}

// plain returns a result that can be compared with another one.
func plain(r throttled.Result) throttled.Result {
	if r.Allowed { // two pointers to equal limits are equal to package assert
		return throttled.NewResult(true, r.State())
	}
	return throttled.NewResult(false, r.State())
}

// relatedLaws returns laws of different plans that one call can serve.
func relatedLaws(t *testing.T, rng *rand.Rand) []*Plan {
	a, n := everyAlgorithm[rng.IntN(len(everyAlgorithm))], 1+rng.IntN(3)
	laws := make([]*Plan, 1+rng.IntN(3))
	for i := range laws {
		rates := make([]algorithm.Rate, n)
		for j := range rates {
			rates[j] = domain.Bounded(algorithm.Rate{Limit: 1 + rng.Int64N(20), Period: 1000 + rng.Int64N(3000), Burst: 1 + rng.Int64N(20)})
		}
		laws[i] = planOfRates(t, a, rates...)
	}
	return laws
}

// relatedOperations returns operations of one kind.
func relatedOperations(rng *rand.Rand, laws []*Plan, key string) []Operation {
	ops := [][]throttled.Op{
		{throttled.OpLimit, throttled.OpLimit, throttled.OpRefund},
		{throttled.OpLimit, throttled.OpLimit, throttled.OpRefund},
		{throttled.OpWait},
		{throttled.OpPeek},
		{throttled.OpReset},
	}[rng.IntN(5)]
	if rng.IntN(3) == 0 {
		return uniformOperations(rng, laws[0], ops, key)
	}
	var operations []Operation
	for len(operations) < 1+rng.IntN(64) {
		a := laws[rng.IntN(len(laws))].Operation(throttled.Request{
			Key:    fmt.Sprint(key, " ", rng.IntN(4)),
			Op:     ops[rng.IntN(len(ops))],
			Cost:   1 + rng.Int64N(3),
			Within: time.Duration(rng.IntN(3)) * time.Millisecond,
		})
		if len(operations) == 0 || a.Kind() == operations[0].Kind() {
			operations = append(operations, a)
		}
	}
	return operations
}

// uniformOperations ask the same of several buckets.
func uniformOperations(rng *rand.Rand, law *Plan, ops []throttled.Op, key string) []Operation {
	requests := make([]throttled.Request, 1+rng.IntN(3))
	for i := range requests {
		requests[i] = throttled.Request{Op: ops[rng.IntN(len(ops))], Cost: 1 + rng.Int64N(3)}
	}
	var operations []Operation
	for n := range 1 + rng.IntN(4) {
		for _, req := range requests {
			req.Key = fmt.Sprint(key, " ", n)
			if op := law.Operation(req); len(operations) == 0 || op.Kind() == operations[0].Kind() {
				operations = append(operations, op)
			}
		}
	}
	return operations
}

// TestEval sends the whole script, as to a server that does not know it.
func TestEval(t *testing.T) {
	s := startServer(t)
	require.NoError(t, s.do(s.client.B().ScriptFlush().Build()).Error())
	c := NewCall(planOfText(t, throttled.TokenBucket, "5/s").Operation(throttled.Request{Key: "k", Cost: 2}))
	require.ErrorContains(t, s.do(c.Evalsha(s.client.B())).Error(), "NOSCRIPT")
	reply, err := s.do(c.Eval(s.client.B())).ToMessage()
	require.NoError(t, err)
	assert.EqualValues(t, 3, c.Answers(reply)[0].Result.Remaining())
}

// nonsenses are replies, as Lua has them, to a single Limit of cost 1 at 1/s.
var nonsenses = map[string]string{
	"no list":              "return 1",
	"an empty list":        "return {}",
	"a short list":         "return {false, 1}",
	"a long list":          "return {false, 0, 0, 1}",
	"no time":              "return {false, 0, 'now'}",
	"a time of old":        "return {false, 0, -1}",
	"a time far off":       "return {false, 0, 9007199254740992}",
	"a number for a value": "return {1, 0, 1}",
	"a short value":        "return {'fresh', 0, 1}",
	"a long value":         "return {string.rep('\\0', 32), 0, 1}",
	"a negative word":      "return {struct.pack('<ddd', 0, -1, 0), 0, 1}",
	"a fraction":           "return {struct.pack('<ddd', 0, 0.5, 0), 0, 1}",
	"no number":            "return {struct.pack('<ddd', 0, 0/0, 0), 0, 1}",
	"an infinite word":     "return {struct.pack('<ddd', 0, 1/0, 0), 0, 1}",
	"a word far off":       "return {struct.pack('<ddd', 0, 9007199254740992, 0), 0, 1}",
	"a whole part":         "return {struct.pack('<ddd', 0, 5, 1), 0, 1}",
	"a decision in words":  "return {false, 'yes', 1}",
	"a denial of a fresh":  "return {false, -1, 1}",
	"a place of a fresh":   "return {false, 1, 1}",
	"a leave of a full":    "return {struct.pack('<ddd', 0, 1000001, 0), 0, 1}",
}

// nonsensesOfTwo are replies to two of them.
var nonsensesOfTwo = map[string]string{
	"a number":           "return {false, 0, 1}",
	"too few decisions":  "return {false, struct.pack('<d', 0), 1}",
	"too many decisions": "return {false, struct.pack('<ddd', 0, -1, -1), 1}",
	"half a decision":    "return {false, struct.pack('<dd', 0.5, -1), 1}",
	"another decision":   "return {false, struct.pack('<dd', 0, -2), 1}",
}

func TestNonsense(t *testing.T) {
	s := startServer(t)
	op := planOfText(t, throttled.TokenBucket, "1/s").Operation(throttled.Request{Key: "k", Cost: 1})
	read := func(reply string, operations ...Operation) []Answer {
		message, err := s.do(s.client.B().Eval().Script(reply).Numkeys(0).Build()).ToMessage()
		require.NoError(t, err)
		return NewCall(operations...).Answers(message)
	}
	refuses := func(t *testing.T, a Answer) {
		require.ErrorIs(t, a.Err, throttled.ErrStoreUnavailable)
		assert.ErrorContains(t, a.Err, "makes no sense")
		assert.False(t, a.Result.Allowed)
	}
	for name, reply := range nonsenses {
		t.Run(name, func(t *testing.T) { refuses(t, read(reply, op)[0]) })
	}
	for name, reply := range nonsensesOfTwo {
		t.Run(name+" for two", func(t *testing.T) { refuses(t, read(reply, op, op)[1]) })
	}
	assert.True(t, read("return {false, 0, 1}", op)[0].Result.Allowed)
	assert.False(t, read("return {struct.pack('<ddd', 0, 1000001, 0), -1, 1}", op)[0].Result.Allowed)
	two := read("return {false, struct.pack('<dd', 0, -1), 1}", op, op)
	assert.True(t, two[0].Result.Allowed)
	assert.False(t, two[1].Result.Allowed)
}

// TestForeignValue: only a Reset changes a value that is no bucket of ours. Other
// buckets of the same call are served.
func TestForeignValue(t *testing.T) {
	s := startServer(t)
	for _, a := range everyAlgorithm {
		for _, quota := range []string{"5/s", "5/s; 9/m"} {
			l := planOfText(t, a, quota)
			key := l.key("k")
			require.NoError(t, s.do(s.client.B().Lpush().Key(key).Element("no string at all").Build()).Error())
			for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpRefund} {
				mine := throttled.Request{Key: "k", Op: op, Cost: 1}
				answers := s.ask(0, l.Operation(mine), l.Operation(throttled.Request{Key: "other", Op: op, Cost: 1}))
				require.ErrorIs(t, answers[0].Err, throttled.ErrStoreUnavailable)
				require.ErrorContains(t, answers[0].Err, "WRONGTYPE")
				require.NoError(t, answers[1].Err)
				n, err := s.do(s.client.B().Llen().Key(key).Build()).ToInt64()
				require.NoError(t, err)
				require.EqualValues(t, 1, n, "it is left as it is")
			}
			require.NoError(t, s.do(s.client.B().Set().Key(key).Value("something else").Build()).Error())
			for _, op := range []throttled.Op{throttled.OpLimit, throttled.OpWait, throttled.OpPeek, throttled.OpRefund} {
				mine := throttled.Request{Key: "k", Op: op, Cost: 1, Within: time.Minute}
				other := mine
				other.Key = "other"
				answers := s.ask(0, l.Operation(mine), l.Operation(other), l.Operation(mine))
				for _, i := range []int{0, 2} {
					require.ErrorIs(t, answers[i].Err, throttled.ErrStoreUnavailable)
					assert.ErrorContains(t, answers[i].Err, "makes no sense")
				}
				assert.NoError(t, answers[1].Err)
				value, _ := s.value(key)
				assert.Equal(t, "something else", value)
			}
			assert.NoError(t, s.ask(0, l.Operation(throttled.Request{Key: "k", Op: throttled.OpReset}))[0].Err)
			assert.True(t, s.ask(0, l.Operation(throttled.Request{Key: "k", Cost: 5}))[0].Result.Allowed)
		}
	}
}
