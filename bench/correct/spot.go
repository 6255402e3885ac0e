package correct

import (
	"time"

	"github.com/throttled-go/throttled/bench/peers"
)

// Spot is how a peer does with just that call and that quota that its speed is
// measured with: one at a time, and mostly allowed or mostly denied.
type Spot struct {
	Peer  string `json:"peer"`
	Mix   string `json:"mix"`
	Count Count  `json:"count"`
}

// SpotsInBubble judges the calls of p that are measured, by so many of each. Like
// InBubble it belongs into a testing/synctest bubble.
func SpotsInBubble(p peers.Peer, steps int) ([]Spot, error) {
	return spots(p, steps, time.Microsecond, 0)
}

// SpotsInRealTime does the same for a peer with a clock that cannot be faked.
func SpotsInRealTime(p peers.Peer, steps int) ([]Spot, error) {
	return spots(p, steps, 0, 200*time.Microsecond)
}

func spots(p peers.Peer, steps int, gap, slack time.Duration) (all []Spot, err error) {
	calls := make([]step, steps)
	for i := range calls {
		calls[i] = step{gap: gap, cost: 1}
	}
	for _, denied := range []bool{false, true} {
		cell := peers.Cell{Peer: p, Denied: denied}
		if cell.Cannot() != "" {
			continue
		}
		subject, err := newSubject(p, cell.Settings(), slack)
		if err != nil {
			return nil, err
		}
		all = append(all, Spot{Peer: p.Name, Mix: cell.Mix(), Count: judge(subject, calls)})
		if err := subject.limiter.Close(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
