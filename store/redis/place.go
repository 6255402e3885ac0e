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
}

// cancel returns the call that gives the place back.
func (p *place) cancel() *command {
	text := appendNumbers(nil, p.mark, p.turn, p.fresh)
	return &command{requests: 1, script: cancelScript, keys: []string{p.key}, args: []string{string(text) + p.before}}
}

// cancelled reads the reply to cancel: whether the place was given back.
func cancelled(reply rueidis.RedisMessage) (bool, error) {
	n, err := reply.ToInt64()
	if err != nil || n != 0 && n != 1 {
		return false, nonsense("a place is given back %v times", reply.String())
	}
	return n == 1, nil
}
