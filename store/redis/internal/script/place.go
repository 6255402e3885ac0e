package script

import (
	"github.com/redis/rueidis"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/hashslot"
)

// Place is a place in line that was taken and charged. It can be given back as
// long as its turn has not come and the bucket has the version that it left
// behind; else it is used up.
type Place struct {
	Mark   int64 // the version
	Behind int64 // the version before, which is the mark of the place before if there is one
	Turn   int64 // µs of the server's clock

	key    string
	fresh  int64  // when the bucket would be as good as fresh without it
	before string // what was stored of the bucket without it
}

// Slot returns the slot of the bucket in a cluster.
func (p *Place) Slot() uint16 { return hashslot.Of(p.key) }

// Cancel returns the command that gives places back, in their order. In a cluster
// they must be of one slot.
func Cancel(places []*Place) *Command {
	c := &Command{script: cancelScript}
	for _, p := range places {
		c.keys = append(c.keys, p.key)
		c.args = append(c.args, string(appendNumbers(nil, p.Mark, p.Turn, p.fresh))+p.before)
	}
	return c
}

// Cancelled reads the reply to Cancel: whether each of n places was given back.
func Cancelled(reply rueidis.RedisMessage, n int) ([]bool, error) {
	all, err := reply.AsIntSlice()
	if err != nil {
		return nil, nonsense("%v", err)
	}
	if len(all) != n {
		return nil, nonsense("it is about %d places, not %d", len(all), n)
	}
	given := make([]bool, n)
	for i, times := range all {
		if times != 0 && times != 1 {
			return nil, nonsense("a place is given back %d times", times)
		}
		given[i] = times == 1
	}
	return given, nil
}

// TooLate returns the denial of op where it has taken a place, but the turn comes
// too late after all. It requires a place.
func (op *Operation) TooLate(a *Answer) throttled.Result {
	var b Bucket
	b.fresh(op.plan, a.Bucket.now)
	b.parse(a.Place.before)
	return b.tooLate(op.cost, a.Place.Turn-b.now)
}
