package advice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// aboutChoice says what was looked at.
func aboutChoice(result *replay.Result, chosen *replay.Outcome, goal Goal) []string {
	const fair, beyond, bound = "what is denied to clients that stay within the quota", "what all clients get beyond it", "what one client can ever get at most"
	switch {
	case goal == Clients && namesBurst(result.Quota):
		return []string{"The quota names a burst, which fixed_window and sliding_window ignore: so it is one of the buckets."}
	case goal == Clients:
		return []string{"Looked at in turn, the less the better: " + fair + "; " + beyond + "; " + bound + "."}
	}
	reason := "Looked at in turn, the less the better: what all clients together get at once; " + beyond + "; " + fair + "; " + bound + "."
	if isWindow(chosen) && namesBurst(result.Quota) {
		reason += " It ignores the burst that the quota names."
	}
	return []string{reason}
}

// aboutMargin says by how much each of the other laws came behind.
func aboutMargin(result *replay.Result, chosen *replay.Outcome, goal Goal) (reasons []string) {
	measures := measuresOf(result, goal)
	for i := range result.Outcomes {
		other := &result.Outcomes[i]
		if other == chosen || sameLaw(other) || excluded(result, goal, other) {
			continue
		}
		if m := measures.decisive(chosen, other); m != nil {
			reasons = append(reasons, fmt.Sprintf("Better than %v by %s: %s against %s.",
				other.Algorithm, m.what, humanize.Comma(m.of(chosen)), humanize.Comma(m.of(other))))
		} else {
			reasons = append(reasons, fmt.Sprintf("As good as %v in all that is looked at.", other.Algorithm))
		}
	}
	return reasons
}

// aboutDenials says how much of the workload the quota turns away.
func aboutDenials(result *replay.Result, chosen *replay.Outcome) []string {
	requests := int64(len(result.Workload.Requests))
	if chosen.Totals.Denied == 0 {
		return []string{"It denied nothing: the quota is above all that was asked for. A lower one could be tried."}
	}
	return []string{fmt.Sprintf("It denied %s of %s (%s).",
		humanize.Comma(chosen.Totals.Denied), words.Counted(requests, "request"), words.Percent(chosen.Totals.Denied, requests))}
}

// aboutFairness says whom the algorithms denied that had stayed within the quota.
func aboutFairness(result *replay.Result, chosen *replay.Outcome) (reasons []string) {
	if result.Within == 0 {
		return []string{"No client stayed within the quota, so none was denied unfairly."}
	}
	if chosen.Unfair.Denied == 0 {
		reasons = append(reasons, fmt.Sprintf("It denied nothing to the %s that stayed within the quota.", words.Counted(result.Within, "client")))
	} else {
		reasons = append(reasons, "It denied "+unfair(chosen)+" that stayed within the quota.")
		reasons = append(reasons, aboutSmallBurst(result, chosen)...)
	}
	for i := range result.Outcomes {
		other := &result.Outcomes[i]
		if other.Unfair.Denied > chosen.Unfair.Denied && !sameLaw(other) {
			reasons = append(reasons, fmt.Sprintf("%v would have denied %s that stayed within it.", other.Algorithm, unfair(other)))
		}
	}
	return reasons
}

// aboutSmallBurst explains the denials of a bucket smaller than its limit. One
// of at least the limit denies nobody who stays within it: in any k periods
// and a part of one, that client asks for at most k+1 limits, and the bucket
// gives its burst and k limits.
func aboutSmallBurst(result *replay.Result, chosen *replay.Outcome) (reasons []string) {
	if isWindow(chosen) {
		return nil
	}
	for _, rate := range result.Quota.Rates() {
		if rate.Burst != 0 && rate.Burst < rate.Limit {
			reasons = append(reasons, fmt.Sprintf("That is because the burst of %q is below its limit: with a burst of %d nobody within the limit is denied by it.",
				throttled.NewQuota(rate).String(), rate.Limit))
		}
	}
	return reasons
}

func unfair(o *replay.Outcome) string {
	return words.Counted(o.Unfair.Denied, "request") + " of " + words.Counted(o.Unfair.Clients, "client")
}

// aboutPeaks compares the greatest bursts.
func aboutPeaks(result *replay.Result, chosen *replay.Outcome) (reasons []string) {
	for i, rate := range result.Quota.Rates() {
		texts := []string{fmt.Sprintf("The most it admitted for one client within %s was %s, %s times the limit.",
			words.Period(rate.Period), humanize.Comma(chosen.Peaks[i].Cost), words.Times(chosen.Peaks[i].Cost, rate.Limit))}
		for j := range result.Outcomes {
			if other := &result.Outcomes[j]; other != chosen && !sameLaw(other) {
				texts = append(texts, fmt.Sprintf("With %v it was %s.", other.Algorithm, humanize.Comma(other.Peaks[i].Cost)))
			}
		}
		reasons = append(reasons, strings.Join(texts, " "))
	}
	return reasons
}

// sameLaw reports whether o is token_bucket under another name, as far as
// Limit goes, so that there is nothing to say about it.
func sameLaw(o *replay.Outcome) bool {
	return o.Algorithm == throttled.LeakyBucket || o.Algorithm == throttled.GCRA
}

// aboutSameLaw says why the other two buckets are not spoken of.
func aboutSameLaw(chosen *replay.Outcome) []string {
	if isWindow(chosen) {
		return nil
	}
	return []string{"gcra and leaky_bucket answer Limit as it does; take leaky_bucket where Wait is to let requests out evenly spaced."}
}

// aboutSize says why the table is as large as it is.
func aboutSize(result *replay.Result, chosen *replay.Outcome, size replay.Bounded) []string {
	reasons := []string{fmt.Sprintf("At most %s of the %s mattered at once; %s places are %s that, and evicted none that was live.",
		humanize.Comma(int64(chosen.Live)), words.Counted(len(result.Workload.Keys), "client"), humanize.Comma(int64(size.Size)),
		words.Multiple(int64(size.Size), int64(chosen.Live)))}
	for _, smaller := range slices.Backward(chosen.Bounded) {
		if smaller.Evictions > 0 {
			reasons = append(reasons, aboutEvictions(smaller))
			break
		}
	}
	reasons = append(reasons, "More clients than these need more: Stats().Evictions of the store should stay 0.")
	if m := size.Measured; m != nil && size.HeapTells() {
		reasons = append(reasons, fmt.Sprintf("That table took %s of heap, and a decision %.0f ns, without the reading of the clock and the lock.",
			humanize.IBytes(uint64(max(0, m.Heap))), m.NsPerCall))
	}
	return reasons
}

// aboutEvictions says what a table that is too small let through.
func aboutEvictions(b replay.Bounded) string {
	were := "were"
	if b.Evictions == 1 {
		were = "was"
	}
	evicted := fmt.Sprintf("With %s places %s %s evicted, which let through ", humanize.Comma(int64(b.Size)), words.Counted(b.Evictions, "live bucket"), were)
	if b.Forgiven == 0 {
		return evicted + "nothing that should have been denied."
	}
	return evicted + fmt.Sprintf("%s at a cost of %s that should have been denied.", words.Counted(b.Forgiven, "request"), humanize.Comma(b.ForgivenCost))
}

// aboutRedis says what a shared store would cost.
func aboutRedis(chosen *replay.Outcome) []string {
	trips := chosen.Redis
	all := trips.Sent + trips.Saved
	if trips.Saved == 0 {
		return []string{fmt.Sprintf("In Redis it would take %s, and a deny cache would save none.", words.Counted(all, "round trip"))}
	}
	return []string{fmt.Sprintf("In Redis it would take %s; a deny cache in one process would save %s of them (%s).",
		words.Counted(all, "round trip"), humanize.Comma(trips.Saved), words.Percent(trips.Saved, all))}
}

// aboutWaits says what would come of it if those who are denied waited.
func aboutWaits(chosen *replay.Outcome) []string {
	if chosen.Waits == nil || chosen.Totals.Denied == 0 {
		return nil
	}
	good := chosen.Waits.Good
	if good.Waited == 0 && good.GaveUp == 0 {
		return []string{"With Wait instead of Limit no request of a good client would have had to wait."}
	}
	return []string{fmt.Sprintf("With Wait instead of Limit %s of good clients would have waited, 99 of 100 of their requests for at most %v, and %s would have given up at the deadline.",
		words.Counted(good.Waited, "request"), good.P99.Round(time.Millisecond), humanize.Comma(good.GaveUp))}
}
