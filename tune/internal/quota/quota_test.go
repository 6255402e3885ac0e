package quota_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

const second = int64(time.Second)

// random returns a workload of some clients of whom one is greedy.
func random(seed uint64, length time.Duration) *workload.Workload {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &workload.Workload{}
	const clients = 12
	for key := range clients {
		w.Keys = append(w.Keys, "client"+strconv.Itoa(key))
	}
	now := workload.Start.UnixNano()
	for end := now + int64(length); now < end; now += r.Int64N(int64(length) / 150) {
		key := int32(r.IntN(clients))
		if r.IntN(3) == 0 {
			key = 0
		}
		w.Requests = append(w.Requests, workload.Request{At: now, Cost: 1 + r.Int64N(2), Key: key})
	}
	return w
}

func shop(t *testing.T) *workload.Workload {
	file, err := os.Open("../tune/testdata/shop.log")
	require.NoError(t, err)
	defer file.Close()
	w, err := workload.ReadLog(file, "", workload.Fields{Key: []string{"host"}})
	require.NoError(t, err)
	return w
}

func search(t *testing.T, w *workload.Workload, goal quota.Goal) *quota.Result {
	r, err := quota.Search(t.Context(), quota.Options{Workload: w, Goal: goal})
	require.NoError(t, err)
	return r
}

// naive works a point out client by client, through Plan.Apply, and looks at
// every span that begins at a request.
func naive(t *testing.T, w *workload.Workload, good []bool, p quota.Point) quota.Point {
	plan, err := throttled.Config{Quota: p.Quota, Algorithm: p.Algorithm}.Plan()
	require.NoError(t, err)
	got := quota.Point{Quota: p.Quota, Algorithm: p.Algorithm, Frontier: p.Frontier}
	passed := make([]bool, len(w.Requests))
	for key := range w.Keys {
		state := make([]int64, plan.Words())
		denied := int64(0)
		for i, r := range w.Requests {
			if int(r.Key) != key {
				continue
			}
			res, _ := plan.Apply(state, r.At, throttled.Request{Plan: plan, Cost: r.Cost})
			if passed[i] = res.Allowed; !res.Allowed {
				denied++
			}
		}
		switch {
		case denied > 0 && good[key]:
			got.GoodClients++
			got.GoodRequests += denied
		case denied > 0:
			got.Others++
		}
	}
	most := func(span int64) (most int64) {
		for i, begin := range w.Requests {
			var sum int64
			for j := i; j < len(w.Requests) && w.Requests[j].At < begin.At+span; j++ {
				if passed[j] {
					sum += w.Requests[j].Cost
				}
			}
			// Those of the same instant before i belong to the span too.
			for j := i - 1; j >= 0 && w.Requests[j].At == begin.At; j-- {
				if passed[j] {
					sum += w.Requests[j].Cost
				}
			}
			most = max(most, sum)
		}
		return most
	}
	got.Second, got.Minute = most(second), most(60*second)
	return got
}

func TestEveryPointIsWhatANaiveReplayFinds(t *testing.T) {
	for seed := range uint64(4) {
		w := random(seed, 3*time.Minute)
		r := search(t, w, quota.NoGoal)
		require.NotEmpty(t, r.Points)
		for _, p := range r.Points {
			require.Equal(t, naive(t, w, r.Good.Is, p), p)
		}
	}
}

// TestFrontier: no point with round limits is better than one of the frontier in one thing
// and as good in the other, and each of the others has such a better one, or
// its equal.
func TestFrontier(t *testing.T) {
	for seed := range uint64(4) {
		r := search(t, random(seed, 3*time.Minute), quota.NoGoal)
		for i, p := range r.Points {
			require.Equal(t, i < r.Frontier, p.Frontier)
			beaten, covered := false, false
			for _, q := range r.Points {
				beaten = beaten || q.Round() && q.GoodClients <= p.GoodClients && q.Minute <= p.Minute && (q.GoodClients < p.GoodClients || q.Minute < p.Minute)
				covered = covered || q.Frontier && q.GoodClients <= p.GoodClients && q.Minute <= p.Minute
			}
			require.False(t, p.Frontier && (beaten || !p.Round()))
			require.True(t, covered || !p.Round())
		}
		require.Less(t, r.Knee, r.Frontier)
		require.Zero(t, r.Points[r.Chosen].GoodClients)
		require.Zero(t, r.Chosen, "the strictest that denies nobody good")
	}
}

// TestTheStrictestLimitIsExact: the bisection ends at the limit below which good
// clients are denied, which a search of all limits finds too.
func TestTheStrictestLimitIsExact(t *testing.T) {
	w := random(7, 3*time.Minute)
	r := search(t, w, quota.NoGoal)
	for _, algorithm := range []throttled.Algorithm{throttled.TokenBucket, throttled.FixedWindow, throttled.SlidingWindow} {
		for _, period := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
			var strictest int64
			for _, exact := range r.Exacts() {
				if exact.Algorithm == algorithm && exact.Period == period {
					strictest = exact.Limit
				}
			}
			var least int64
			for least = 1; ; least++ {
				if naive(t, w, r.Good.Is, quota.Point{Quota: throttled.Per(least, period), Algorithm: algorithm}).GoodClients == 0 {
					break
				}
			}
			require.Equal(t, least, strictest, "%v per %v", algorithm, period)
		}
	}
}

func TestUses(t *testing.T) {
	uses := quota.UsesOf(shop(t))
	require.Len(t, uses, 4, "a second, ten, a minute and ten; the log has no hour")
	minute := uses[2]
	require.Equal(t, time.Minute, minute.Period)
	var top []int64
	for place := range 5 {
		top = append(top, minute.At(place))
	}
	require.Equal(t, []int64{150, 70, 19, 19, 18}, top)
	require.Equal(t, 2, minute.Above(20))
	require.Equal(t, 65, minute.Above(10))
	for limit := range int64(200) {
		above := 0
		for _, use := range minute.Of {
			if use > limit {
				above++
			}
		}
		require.Equal(t, above, minute.Above(limit))
	}
}

func TestGoodClients(t *testing.T) {
	w := shop(t)
	r := search(t, w, quota.NoGoal)
	require.Equal(t, 111, r.Good.Count)
	require.Equal(t, "Good clients are taken to be those below the widest gap: 2 clients used 70 or more in some 1m, all others 19 or less.", r.Good.Rule)

	w.Good = make([]bool, len(w.Keys))
	_, err := quota.Search(t.Context(), quota.Options{Workload: w, Goal: quota.NoGoal})
	require.ErrorContains(t, err, "no client is good")
	w.Good[3] = true
	r = search(t, w, quota.NoGoal)
	require.Equal(t, 1, r.Good.Count)
	require.Equal(t, "Good clients are those that are named so.", r.Good.Rule)

	even := &workload.Workload{Keys: []string{"a", "b"}, Requests: []workload.Request{{At: second, Cost: 2}, {At: 2 * second, Cost: 1, Key: 1}, {At: 70 * second, Cost: 1}}}
	even.Requests[0].Cost = 1
	require.Equal(t, "All clients are taken for good: the use of none stands out.", search(t, even, quota.NoGoal).Good.Rule)
}

func TestGoals(t *testing.T) {
	w := shop(t)
	chosen := func(goal string) (quota.Point, *quota.Result) {
		g, err := quota.ParseGoal(goal)
		require.NoError(t, err)
		r := search(t, w, g)
		return r.Points[r.Chosen], r
	}

	p, r := chosen("deny ≤ 0.9% of clients")
	require.True(t, r.Met)
	require.Zero(t, p.GoodClients, "0.9% of 111 are less than one")
	p, r = chosen("deny <= 5% of clients")
	require.True(t, r.Met)
	require.LessOrEqual(t, p.GoodClients, 5)
	for _, q := range r.Points {
		require.False(t, q.Round() && q.GoodClients <= 5 && q.Minute < p.Minute, "%v leaves less to the backend", q.Quota)
	}
	p, r = chosen("<= 120/m on the backend")
	require.True(t, r.Met)
	require.LessOrEqual(t, p.Minute, int64(120))
	for _, q := range r.Points {
		require.False(t, q.Round() && q.Minute <= 120 && q.GoodClients < p.GoodClients, "%v denies fewer", q.Quota)
	}
	p, r = chosen("deny at most 5%, backend <= 12/s")
	require.True(t, r.Met)
	require.LessOrEqual(t, p.Second, int64(12))
	require.LessOrEqual(t, p.GoodClients, 5)
	p, r = chosen("deny 0% of the good clients, at most 1/s on the backend")
	require.False(t, r.Met)
	require.Zero(t, p.GoodClients)
}

func TestParseGoal(t *testing.T) {
	for text, want := range map[string]string{
		"deny ≤ 0.1% of clients within, ≤ 50/s on the backend": "deny ≤ 0.1% of clients, ≤ 50 per 1s on the backend",
		"deny <= 12.5%":                 "deny ≤ 12.5% of clients",
		"backend <= 2000 per minute":    "≤ 2,000 per 1m on the backend",
		"denied 1% of the good clients": "deny ≤ 1% of clients",
	} {
		g, err := quota.ParseGoal(text)
		require.NoError(t, err)
		require.Equal(t, want, g.String())
	}
	for text, want := range map[string]string{
		"":                        `the goal "": give one or both of "deny <= 0.1% of clients" and "<= 50/s on the backend"`,
		"be nice":                 `the goal "be nice": give one or both`,
		"deny 101%":               "a share is from 0% to 100%",
		"<= 5/h on the backend":   `"5/h" is not like 50/s or 2000/m`,
		"<= 5 apples":             `"5 apples" is not like 50/s`,
		"deny 1%, <= 5/s burst 9": `"5/s burst 9" is not like 50/s`,
	} {
		_, err := quota.ParseGoal(text)
		require.ErrorContains(t, err, want)
	}
}

func TestSearchEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var steps atomic.Int64
	_, err := quota.Search(ctx, quota.Options{Workload: random(1, time.Minute), Goal: quota.NoGoal, Step: func() error {
		if steps.Add(1) == 5 {
			cancel()
		}
		return nil
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, steps.Load(), int64(20))

	wrong := errors.New("wrong")
	_, err = quota.Search(t.Context(), quota.Options{Workload: random(1, time.Minute), Goal: quota.NoGoal, Step: func() error { return wrong }})
	require.ErrorIs(t, err, wrong)
}
