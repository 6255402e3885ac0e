package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

const forever = int64(1) << 62

// three is a bucket of 3, one back every 10 ticks.
var three = model.Rate{Limit: 6, Period: 60, Burst: 3}

func denied(limit, remaining, reset, retry int64) model.Answer {
	return model.Answer{Limit: limit, Remaining: remaining, ResetAfter: reset, RetryAfter: retry}
}

func allowed(limit, remaining, reset int64) model.Answer {
	return model.Answer{Allowed: true, Limit: limit, Remaining: remaining, ResetAfter: reset}
}

// second is told where the second rate binds.
func second(told model.Answer) model.Answer {
	told.Rate = 1
	return told
}

func grant(id int, at int64, told model.Answer) model.Grant {
	return model.Grant{ID: id, At: at, Answer: told}
}

// waits expects a place, and that its turn is at.
func waits(t *testing.T, l *model.Line, p model.Place, id int, at int64) {
	t.Helper()
	assert.Equal(t, model.Place{ID: id, Status: model.Waiting}, p)
	turns(t, l, id, at)
}

func turns(t *testing.T, l *model.Line, id int, at int64) {
	t.Helper()
	turn, ok := l.Turn(id)
	assert.True(t, ok, "%d waits", id)
	assert.Equal(t, at, turn, "turn of %d", id)
}

func TestLineOfABucket(t *testing.T) {
	l := model.NewLine(algorithm.TokenBucket, three)
	assert.Equal(t, allowed(3, 0, 30), l.Limit(1000, 3)) // good as new at 1030
	waits(t, l, l.Wait(1000, 1, forever), 1, 1010)       // then at 1040
	waits(t, l, l.Wait(1000, 2, forever), 2, 1030)       // then at 1060

	// Nobody overtakes; one more would have its turn at 1040 and leave 1070.
	assert.Equal(t, denied(3, 0, 60, 40), l.Limit(1000, 1))
	assert.Equal(t, denied(3, 0, 60, 40), l.Peek(1000))
	assert.Equal(t, denied(3, 0, 60, model.Never), l.Limit(1000, 4))
	assert.Equal(t, allowed(3, 0, 60), l.Limit(1000, 0))
	assert.Equal(t, model.Place{Status: model.Granted, Answer: allowed(3, 0, 60)}, l.Wait(1000, 0, 1000))
	assert.Equal(t, model.Place{Answer: denied(3, 0, 60, 40)}, l.Wait(1000, 1, 1039))
	assert.Equal(t, model.Place{Answer: denied(3, 0, 60, model.Never)}, l.Wait(1000, 4, forever))
	waits(t, l, l.LimitBy(1000, 1, 1040), 3, 1040)
	assert.Equal(t, 3, l.Waiting())

	// The second leaves; the third moves up to 10 ticks after the first.
	assert.True(t, l.Cancel(1005, 2))
	assert.False(t, l.Cancel(1005, 2))
	turns(t, l, 1, 1010)
	turns(t, l, 3, 1020)
	assert.Empty(t, l.Advance(1009))
	assert.Equal(t, []model.Grant{grant(1, 1010, allowed(3, 0, 30))}, l.Advance(1012))
	assert.False(t, l.Cancel(1012, 1), "what was granted cannot be cancelled")

	// One unit back: good as new at 1030 instead of 1040, so the third passes now.
	assert.Equal(t, denied(3, 0, 28, 8), l.Refund(1012, 1))
	assert.Equal(t, []model.Grant{grant(3, 1012, allowed(3, 0, 28))}, l.Advance(1012))
	_, ok := l.Next()
	assert.False(t, ok)
}

func TestLineGrantsAtTheTurnHoweverLate(t *testing.T) {
	l := model.NewLine(algorithm.GCRA, three)
	l.Limit(1000, 3)
	l.Wait(1000, 1, forever)
	l.Wait(1000, 1, forever)
	// Both were charged in 1010 and 1020: at 1100 all has come back.
	assert.Equal(t, allowed(3, 2, 10), l.Limit(1100, 1))
	assert.Equal(t, []model.Grant{
		grant(1, 1010, allowed(3, 0, 30)),
		grant(2, 1020, allowed(3, 0, 30)),
	}, l.Advance(1100))
}

func TestLineTurnAtTheInstantOfASmallerCost(t *testing.T) {
	l := model.NewLine(algorithm.TokenBucket, three)
	l.Limit(1000, 2)                               // good as new at 1020
	waits(t, l, l.Wait(1000, 3, forever), 1, 1020) // a cost of 1 would pass now
	assert.Equal(t, denied(3, 0, 50, 30), l.Limit(1000, 1))
	assert.True(t, l.Cancel(1000, 1))
	assert.Equal(t, allowed(3, 0, 30), l.Limit(1000, 1))
}

func TestLineOfTwoRates(t *testing.T) {
	// 10 that come back every tick, and 20 that come back every 5.
	l := model.NewLine(algorithm.TokenBucket, model.Rate{Limit: 10, Period: 10, Burst: 10}, model.Rate{Limit: 20, Period: 100, Burst: 20})
	assert.Equal(t, allowed(10, 0, 50), l.Limit(1000, 10))
	waits(t, l, l.Wait(1000, 10, forever), 1, 1010) // as good as new at 1020 and 1100
	waits(t, l, l.Wait(1000, 5, forever), 2, 1025)  // at 1030 and 1125
	assert.Equal(t, []model.Grant{
		grant(1, 1010, allowed(10, 0, 90)),
		grant(2, 1025, second(allowed(20, 0, 100))),
	}, l.Advance(2000))
}

func TestLineOfAFixedWindow(t *testing.T) {
	l := model.NewLine(algorithm.FixedWindow, model.Rate{Limit: 5, Period: 10, Burst: 1})
	assert.Equal(t, allowed(5, 0, 7), l.Limit(103, 5))
	waits(t, l, l.Wait(103, 3, forever), 1, 110)
	waits(t, l, l.Wait(103, 3, forever), 2, 120)
	waits(t, l, l.Wait(103, 2, forever), 3, 120)
	assert.Equal(t, denied(5, 0, 25, 25), l.Limit(105, 1))
	assert.Equal(t, denied(5, 0, 18, 18), l.Limit(112, 1), "2 of this window are left, but not for one who comes now")
	assert.True(t, l.Cancel(112, 2))
	assert.Equal(t, []model.Grant{
		grant(1, 110, allowed(5, 2, 10)),
		grant(3, 112, allowed(5, 0, 8)), // in the window of 112 there were 2
	}, l.Advance(112))
}

func TestLineOfASlidingWindow(t *testing.T) {
	l := model.NewLine(algorithm.SlidingWindow, model.Rate{Limit: 10, Period: 100, Burst: 1})
	l.Limit(1040, 8)
	waits(t, l, l.Wait(1040, 3, forever), 1, 1113) // 8·87 + 3·100 = 996
	waits(t, l, l.Wait(1040, 1, forever), 2, 1125) // 8·75 + 4·100 = 1000
	l.Reset(1050)
	assert.Equal(t, []model.Grant{
		grant(1, 1050, allowed(10, 7, 150)),
		grant(2, 1050, allowed(10, 6, 150)),
	}, l.Advance(1050))
}

func TestLineTurnTooFar(t *testing.T) {
	// 4 that come back in 2^59 ticks each two.
	l := model.NewLine(algorithm.TokenBucket, model.Rate{Limit: 2, Period: 1 << 59, Burst: 4})
	l.Limit(0, 4)
	waits(t, l, l.Wait(0, 4, forever), 1, 1<<60)
	assert.Equal(t, model.Place{Answer: denied(4, 0, 1<<61, 5<<58)}, l.Wait(0, 1, forever))
	waits(t, l, l.Wait(1<<58, 1, forever), 2, 5<<58)
}

func TestLineStepBack(t *testing.T) {
	l := model.NewLine(algorithm.FixedWindow, model.Rate{Limit: 5, Period: 10, Burst: 1})
	l.Limit(113, 5)
	waits(t, l, l.Wait(104, 1, forever), 1, 120)
	l.Reset(104)
	assert.Equal(t, []model.Grant{grant(1, 104, allowed(5, 4, 6))}, l.Advance(104))
}
