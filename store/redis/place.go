package redis

import (
	"github.com/redis/rueidis"
)

// place is a place ahead that was taken and charged. It can be given back as
// long as its turn has not come and the bucket has the version it left behind;
// else it is used up.
type place struct {
	key    string
	mark   int64  // the version
	turn   int64  // µs of the server's clock
	fresh  int64  // when the bucket would be as good as fresh without it
	before string // what was stored of the bucket without it
	behind int64  // the version in that: the mark of the place before, if there is one
}

// cancelAll returns the call that gives places back, in their order.
func cancelAll(places []*place) *command {
	c := &command{script: cancelScript}
	for _, p := range places {
		c.keys = append(c.keys, p.key)
		c.args = append(c.args, string(appendNumbers(nil, p.mark, p.turn, p.fresh))+p.before)
	}
	return c
}

// cancelled reads the reply to cancelAll: whether each of n places was given
// back.
func cancelled(reply rueidis.RedisMessage, n int) ([]bool, error) {
	all, err := reply.AsIntSlice()
	if err != nil {
		return nil, nonsense("%v", err)
	}
	if len(all) != n {
		return nil, nonsense("%d places are given back, not %d", len(all), n)
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
