package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/throttled-go/throttled/tune/internal/quota"
	"github.com/throttled-go/throttled/tune/internal/replay"
	"github.com/throttled-go/throttled/tune/internal/words"
)

// mostUses is how many clients the table of uses shows.
const mostUses = 10

// uses tells what the busiest clients used.
func (r *Report) uses() table {
	t := table{
		Title: "What the busiest clients used",
		Head:  []string{"client"},
		Notes: []string{"The greatest cost that the client asked for in any span of that length, [t, t+span) for whatever t."},
	}
	for _, u := range r.Uses {
		t.Head = append(t.Head, "in any "+words.Period(u.Period))
	}
	ordering := quota.ByMinute(r.Uses)
	t.Notes[0] += " The order is that of any " + words.Period(ordering.Period) + "."
	for _, key := range ordering.Order[:min(mostUses, len(ordering.Order))] {
		row := []string{shown(r.Result.Workload.Keys[key])}
		for _, u := range r.Uses {
			row = append(row, comma(u.Of[key]))
		}
		t.Rows = append(t.Rows, row)
	}
	if more := len(ordering.Order) - len(t.Rows); more > 0 {
		t.Notes[0] += " " + words.Counted(more, "more client") + "."
	}
	return t
}

// above tells how many clients use more than a limit.
func (r *Report) above() table {
	t := table{
		Title: "How many clients use more than a limit",
		Head:  []string{"limit"},
		Notes: []string{"A client that never uses more than the limit in any span is denied nothing by a fixed window, nor by a bucket of that burst."},
	}
	for _, u := range r.Uses {
		t.Head = append(t.Head, "in any "+words.Period(u.Period))
	}
	for _, limit := range quota.Ladder(r.Uses) {
		row := []string{comma(limit)}
		for _, u := range r.Uses {
			row = append(row, comma(int64(u.Above(limit))))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// frontier tells what each quota of the frontier would do, and marks the chosen
// one and the knee.
func (r *Report) frontier() table {
	f := r.Found
	t := table{
		Title: "Which quota: denials of good clients against the backend",
		Head:  []string{"quota", "algorithm", "good: clients", "good: requests", "others", "in any 1s", "in any 1m", ""},
		Notes: []string{
			fmt.Sprintf("%s were replayed. These are the ones with round limits beside which no other is better in one thing and as good in the other.", words.Counted(len(f.Points), "quota")),
			"good: the good clients with a denial, and the requests that were denied to them. others: the other clients with a denial.",
			"in any: the greatest cost that all clients together got in any such span.",
		},
	}
	shownPoints := f.Points[:f.Frontier]
	if f.Chosen >= f.Frontier {
		shownPoints = append(slices.Clone(shownPoints), f.Points[f.Chosen])
	}
	for i, p := range shownPoints {
		var marks []string
		if i == f.Chosen || i == f.Frontier {
			marks = append(marks, "← advised")
		}
		if i == f.Knee {
			marks = append(marks, "← knee")
		}
		t.Rows = append(t.Rows, []string{
			p.Quota.String(), p.Algorithm.String(), comma(int64(p.GoodClients)), comma(p.GoodRequests), comma(int64(p.Others)),
			comma(p.Second), comma(p.Minute), strings.Join(marks, " "),
		})
	}
	return t
}

// exacts tells the least limits that deny good clients no more than they may.
func (r *Report) exacts() table {
	t := table{
		Title: "The least limits that deny good clients nothing",
		Head:  []string{"algorithm"},
		Notes: []string{"Exact for this workload: with one less, a good client is denied something. Leave some room."},
	}
	if r.Found.Goal.Deny != nil {
		t.Title = "The least limits that deny good clients no more than they may"
		t.Notes[0] = "Exact for this workload, and of rates alone. Leave some room."
	}
	for _, u := range r.Uses {
		t.Head = append(t.Head, "in "+words.Period(u.Period))
	}
	rows := map[string][]string{}
	for _, exact := range r.Found.Exacts() {
		name := exact.Algorithm.String()
		if rows[name] == nil {
			rows[name] = append([]string{name}, slices.Repeat([]string{"-"}, len(r.Uses))...)
		}
		at := slices.IndexFunc(r.Uses, func(u *quota.Uses) bool { return u.Period == exact.Period })
		rows[name][at+1] = comma(exact.Limit)
	}
	for _, o := range r.Result.Outcomes {
		if row := rows[o.Algorithm.String()]; row != nil {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// alikes returns the first outcome of each that answered alike, with all their
// names.
func (r *Report) alikes() (all []*replay.Outcome, titles []string) {
	for i := range r.Result.Outcomes {
		o := &r.Result.Outcomes[i]
		at := slices.IndexFunc(all, func(x *replay.Outcome) bool { return slices.Equal(x.Allowed, o.Allowed) })
		if at < 0 {
			all, titles = append(all, o), append(titles, o.Algorithm.String())
		} else {
			titles[at] += ", " + o.Algorithm.String()
		}
	}
	return all, titles
}
