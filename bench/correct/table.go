package correct

import (
	"fmt"
	"time"

	"github.com/throttled-go/throttled/bench/peers"
)

// Row is how one peer does with one quota.
type Row struct {
	Peer  string    `json:"peer"`
	Law   peers.Law `json:"law"`
	Quota string    `json:"quota"`

	Ones  Count  `json:"ones"`            // every cost 1
	Costs *Count `json:"costs,omitempty"` // nil: see NoCosts

	DenialsCost string    `json:"denials_cost,omitempty"` // "yes", "no", or "" where it was not asked
	Promises    *Promises `json:"promises,omitempty"`     // nil: see NoPromises

	NoCosts    string `json:"no_costs,omitempty"` // why there is none
	NoPromises string `json:"no_promises,omitempty"`

	RealTime bool `json:"real_time"` // not in a bubble, so fewer are asked for and those close to an edge go unjudged
}

// quota is what a limiter is made with, and how much is asked of it.
type quota struct {
	settings        peers.Settings
	steps, promises int // 0 steps: a flood
	slack           time.Duration
}

func (q quota) String() string {
	text := fmt.Sprintf("%d per %v", q.settings.Limit, q.settings.Period)
	if q.settings.Burst != q.settings.Limit {
		text += fmt.Sprintf(", burst %d", q.settings.Burst)
	}
	return text
}

// large is a limit of which all must be there again in the next window.
var large = peers.Settings{Limit: 100_000, Period: time.Second, Burst: 100_000}

// quotas have an interval that is no whole number of nanoseconds, and one that
// is. For the buckets there is also one of so few that its fraction tells, and
// for the windows a large one.
func quotas(law peers.Law, steps int) []quota {
	all := []quota{
		{settings: peers.Settings{Limit: 7, Period: time.Minute, Burst: 7}, steps: steps, promises: 100},
		{settings: peers.Settings{Limit: 100, Period: time.Second, Burst: 100}, steps: steps, promises: 100},
	}
	if law == peers.TokenBucket || law == peers.EvenSpacing {
		return append(all, quota{settings: peers.Settings{Limit: 3_000_000, Period: time.Second, Burst: 100}, steps: steps})
	}
	return append(all, quota{settings: large})
}

// Judged reports whether p has a law that this package can hold it to by asking.
func Judged(p peers.Peer) bool { return p.Law != peers.NoLaw && !p.WaitsOnly }

// InBubble judges p by so many requests of each kind. It sleeps long, so it
// belongs into a testing/synctest bubble, and p into one with a clock that can
// be faked.
func InBubble(p peers.Peer, steps int) ([]Row, error) {
	return rows(p, quotas(p.Law, steps))
}

// InRealTime judges a peer with a clock that cannot be faked, in some seconds.
func InRealTime(p peers.Peer, steps int) ([]Row, error) {
	const slack = 200 * time.Microsecond
	return rows(p, []quota{
		{settings: peers.Settings{Limit: 20, Period: 50 * time.Millisecond, Burst: 20}, steps: min(steps, 1000), promises: 10, slack: slack},
		{settings: large, slack: slack},
	})
}

func rows(p peers.Peer, quotas []quota) ([]Row, error) {
	var all []Row
	for _, q := range quotas {
		row, err := q.row(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		all = append(all, row)
	}
	return all, nil
}

func (q quota) row(p peers.Peer) (row Row, err error) {
	q.settings.MaxKeys = 10
	row = Row{
		Peer: p.Name, Law: p.Law, Quota: q.String(), RealTime: q.slack > 0,
		NoCosts: why(!p.Costs, "takes no costs", q.steps == 0), NoPromises: why(!p.Tells, "never tells", q.promises == 0),
	}
	if row.Ones, err = q.count(p, 1); err != nil {
		return row, err
	}
	if row.NoCosts == "" {
		count, err := q.count(p, min(q.settings.Limit, q.settings.Burst))
		if err != nil {
			return row, err
		}
		row.Costs = &count
	}
	if q.promises == 0 {
		return row, nil
	}
	costs, err := denialsCost(p, q.settings, q.slack)
	if err != nil {
		return row, err
	}
	row.DenialsCost = map[bool]string{true: "yes", false: "no"}[costs]
	if row.NoPromises == "" {
		made, err := promises(p, q.settings, q.promises, q.slack)
		row.Promises = &made
		return row, err
	}
	return row, nil
}

// why says why something was not measured, or "".
func why(cannot bool, reason string, unasked bool) string {
	switch {
	case cannot:
		return reason
	case unasked:
		return "not asked with this quota"
	default:
		return ""
	}
}

// count puts the trace with costs up to the greatest to p.
func (q quota) count(p peers.Peer, greatest int64) (Count, error) {
	subject, err := newSubject(p, q.settings, q.slack)
	if err != nil {
		return Count{}, err
	}
	steps := flood(q.settings)
	if q.steps > 0 {
		steps = trace(q.settings, q.steps, greatest)
	}
	return judge(subject, steps), subject.limiter.Close()
}
