package report

import (
	"fmt"
	"strings"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/peers"
)

// speedVerdicts say of each load how this library does beside the others: its
// fastest way to decide, the fastest other, and the fastest other that bounds
// its memory.
func speedVerdicts(sections []section) (all []string) {
	for _, s := range sections {
		if verdict := s.verdict(); verdict != "" {
			all = append(all, verdict)
		}
	}
	return all
}

func (s *section) verdict() string {
	var ours, other, bounded *speedRow
	ahead, others := 0, 0
	for i := range s.Rows { // the fastest first
		row := &s.Rows[i]
		if row.Allowed.Cannot != "" || row.Baseline {
			continue
		}
		if row.Ours {
			if ours == nil {
				ours = row
			}
			continue
		}
		others++
		if ours == nil {
			ahead++
		}
		if other == nil {
			other = row
		}
		if bounded == nil && row.Bound == "yes" {
			bounded = row
		}
	}
	if ours == nil || other == nil {
		return ""
	}
	processors := "1 processor"
	if s.Procs > 1 {
		processors = fmt.Sprintf("%d processors", s.Procs)
	}
	text := fmt.Sprintf("%s, %s: %s takes %s ns, %s times the locked map and clock. %d of %d others take less; the fastest is %s with %s ns",
		s.Load, processors, ours.Peer, number(ours.Allowed.Time.Median), number(ours.Ratio), ahead, others, other.Peer, number(other.Allowed.Time.Median))
	switch {
	case bounded == nil || bounded == other:
		return text + "."
	default:
		return text + fmt.Sprintf(", and of those that bound their memory %s with %s ns.", bounded.Peer, number(bounded.Allowed.Time.Median))
	}
}

// answersVerdict says who answered wrongly anywhere.
func (r *Report) answersVerdict() string {
	var judged int
	var wrong []string
	for _, w := range r.worstShares() {
		if w.Quota != "" {
			wrong = append(wrong, fmt.Sprintf("%s (%s)", w.Peer, w.Share))
		}
	}
	for _, row := range r.Correct {
		if !r.ours(row.Peer) {
			continue
		}
		for _, count := range []*correct.Count{&row.Ones, row.Costs} {
			if count != nil {
				judged += count.Asked
			}
		}
	}
	if len(wrong) == 0 {
		return "No answer was wrong by the law that its limiter claims."
	}
	return fmt.Sprintf("Of this library %d answers were judged. Wrong by the law that they claim, at worst: %s.", judged, strings.Join(wrong, ", "))
}

// isBaseline reports whether a peer limits nothing.
func isBaseline(p Peer) bool { return p.Law == string(peers.NoLaw) }
