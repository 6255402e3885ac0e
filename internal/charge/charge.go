// Package charge is about one charge among the others at a bucket: the mark that
// a store makes of it, by which it can be given back later.
package charge

import (
	"context"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

// Mark remembers one charge. The zero Mark is of no charge. It means nothing
// outside the store that made it.
type Mark struct {
	Plan *throttled.Plan
	Cost int64 // 0: nothing was charged, or it was given back

	State  [algorithm.MaxWords]int64 // of the bucket, just after the charge
	Place  int32                     // of the bucket in the store
	Serial uint32                    // of the bucket among those that had this place
	Number uint64                    // of the charge at the store
}

// Forget makes m of no charge, and leaves what then means nothing: the state is
// large, and most marks have a word or two of it.
func (m *Mark) Forget() { m.Plan, m.Cost = nil, 0 }

// Marker is a store that can give back one charge and no other.
//
// A plain Refund takes from what is charged at that instant, whoever was
// charged. Where the charge that it is meant for has leaked meanwhile, it gives
// back what others have used, and more passes than the quota says. So what is
// given back is at most what of that very charge has not leaked, first in,
// first out, and nothing once the bucket has been as good as fresh.
type Marker interface {
	throttled.Submitter

	// SubmitMarked is Submit for a Limit or a Wait. What it charges is in mark
	// when done is called. A store that cannot know leaves mark zero.
	SubmitMarked(ctx context.Context, req throttled.Request, mark *Mark, done func(throttled.Result, error))

	// GiveBack gives back what of a charge has not leaked, and makes mark zero.
	// Those who wait move up. It returns when that is done.
	GiveBack(mark *Mark) error

	// Self returns the Marker itself.
	Self() throttled.Store
}

// MarkerOf returns store as a Marker, or nil if it is none. One that has a Marker
// embedded is none: it may have methods of its own in place of some, and those of a
// Marker would pass them by.
func MarkerOf(store throttled.Store) Marker {
	if marker, ok := store.(Marker); ok && marker.Self() == store {
		return marker
	}
	return nil
}

// Sender is a Marker that takes an answer to the channel of a caller itself. That
// costs less than a function for each call, and a mark for what may have to be given
// back is made only if the channel has no room.
type Sender interface {
	Marker

	// Send carries out a request that does not wait and sends the answer to dst, as
	// LimitTo of package async says. Its arguments are those of a request, one by one,
	// because so they travel in registers.
	Send(ctx context.Context, dst chan<- throttled.Outcome, plan *throttled.Plan, op throttled.Op, key string, cost int64)
}
