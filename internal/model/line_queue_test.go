package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/throttled-go/throttled/internal/algorithm"
	"github.com/throttled-go/throttled/internal/model"
)

func TestQueueLetsOutEvenly(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, three)
	assert.Equal(t, model.Place{Status: model.Granted, Answer: allowed(3, 2, 10)}, l.Wait(1000, 1, 1000))
	waits(t, l, l.Wait(1000, 1, forever), 1+1, 1010)
	assert.Equal(t, model.Place{Answer: denied(3, 1, 20, 20)}, l.Wait(1000, 1, 1019), "let out too late")
	waits(t, l, l.Wait(1000, 1, 1020), 3, 1020)
	assert.Equal(t, model.Place{Answer: denied(3, 0, 30, 10)}, l.Wait(1000, 1, forever), "no room")
	assert.Equal(t, model.Place{Answer: denied(3, 0, 30, model.Never)}, l.Wait(1000, 4, forever))
	assert.Equal(t, []model.Grant{
		grant(2, 1010, allowed(3, 2, 10)), // the one behind is not counted
		grant(3, 1020, allowed(3, 2, 10)),
	}, l.Advance(1020))
}

func TestQueueAndMeter(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, three)
	l.Wait(1000, 1, forever)
	l.Wait(1000, 1, forever) // 2, out at 1010
	l.Wait(1000, 1, forever) // 3, out at 1020
	assert.True(t, l.Cancel(1005, 2))
	turns(t, l, 3, 1010) // as good as new at 1020
	assert.Equal(t, allowed(3, 0, 25), l.Limit(1005, 1))
	turns(t, l, 3, 1010) // the meter delays nobody; as good as new at 1030

	// A Limit may wait for room, and then no Wait enters.
	waits(t, l, l.LimitBy(1005, 1, 1010), 4, 1010)
	assert.Equal(t, model.Place{Answer: denied(3, 0, 35, 15)}, l.Wait(1005, 1, forever))
	assert.Equal(t, denied(3, 0, 35, 15), l.Limit(1005, 1))
	assert.Equal(t, 2, l.Waiting())
	assert.Equal(t, []model.Grant{
		grant(3, 1010, allowed(3, 2, 10)),
		grant(4, 1010, allowed(3, 0, 30)),
	}, l.Advance(1010))
}

func TestQueueCancelMakesRoom(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, three)
	l.Limit(1000, 1)
	waits(t, l, l.Wait(1000, 2, forever), 1, 1010)
	waits(t, l, l.LimitBy(1000, 2, forever), 2, 1020)
	assert.True(t, l.Cancel(1003, 1))
	assert.Equal(t, []model.Grant{grant(2, 1003, allowed(3, 0, 27))}, l.Advance(1003))
}

func TestQueueCancelBetweenLimits(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, model.Rate{Limit: 6, Period: 60, Burst: 9})
	l.Limit(1000, 1)                               // as good as new at 1010
	waits(t, l, l.Wait(1000, 1, forever), 1, 1010) // 1020
	l.Limit(1000, 2)                               // 1040
	waits(t, l, l.Wait(1000, 1, forever), 2, 1040) // 1050
	l.Limit(1000, 1)                               // 1060
	waits(t, l, l.Wait(1000, 1, forever), 3, 1060)
	assert.True(t, l.Cancel(1001, 2))
	turns(t, l, 1, 1010)
	turns(t, l, 3, 1050)
	assert.True(t, l.Cancel(1001, 1))
	turns(t, l, 3, 1040)
	assert.Equal(t, []model.Grant{grant(3, 1040, allowed(9, 8, 10))}, l.Advance(1040))
}

func TestQueueRefund(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, model.Rate{Limit: 6, Period: 60, Burst: 9})
	l.Limit(1000, 2)                               // as good as new at 1020
	waits(t, l, l.Wait(1000, 1, forever), 1, 1020) // 1030
	l.Limit(1000, 2)                               // 1050
	waits(t, l, l.Wait(1000, 1, forever), 2, 1050) // 1060
	l.Limit(1000, 1)                               // 1070

	assert.Equal(t, allowed(9, 4, 50), l.Refund(1000, 2)) // the newest, and one of the two before it
	turns(t, l, 1, 1020)
	turns(t, l, 2, 1040)
	assert.Equal(t, allowed(9, 6, 30), l.Refund(1000, 2)) // the other, and one before the head
	turns(t, l, 1, 1010)
	turns(t, l, 2, 1020)
	assert.Equal(t, allowed(9, 7, 20), l.Refund(1000, 99)) // no more than is theirs who do not queue
	assert.Equal(t, []model.Grant{grant(1, 1000, allowed(9, 8, 10))}, l.Advance(1000))
	turns(t, l, 2, 1010)
}

func TestQueueReset(t *testing.T) {
	l := model.NewLine(algorithm.LeakyBucket, model.Rate{Limit: 6, Period: 60, Burst: 9})
	l.Limit(1000, 2)
	waits(t, l, l.Wait(1000, 1, forever), 1, 1020)
	l.Limit(1000, 2)
	waits(t, l, l.Wait(1000, 1, forever), 2, 1050)
	l.Reset(1005)
	assert.Equal(t, []model.Grant{grant(1, 1005, allowed(9, 8, 10))}, l.Advance(1005))
	turns(t, l, 2, 1015)
	assert.Equal(t, allowed(9, 7, 20), l.Peek(1005))
}

// Under several rates it shows that what came behind the one who leaves is charged
// again as if it just arrived.
func TestQueueChargesAgainAtTheCancel(t *testing.T) {
	slow, fast := model.Rate{Limit: 1, Period: 100, Burst: 20}, model.Rate{Limit: 1, Period: 10, Burst: 12}
	l := model.NewLine(algorithm.LeakyBucket, slow, fast)
	l.Limit(1000, 1)                                               // as good as new at 1100 and 1010
	waits(t, l, l.Wait(1000, 1, forever), 1, 1100)                 // at 1200 and 1110
	assert.Equal(t, second(allowed(12, 0, 300)), l.Limit(1000, 1)) // at 1300 and 1120
	assert.True(t, l.Cancel(1050, 1))
	// At 1200 and 1060.
	assert.Equal(t, second(allowed(12, 11, 150)), l.Peek(1050))
}
