package correct_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/peers"
)

var (
	steps = flag.Int("steps", 300, "requests of each kind that are put to a peer")
	out   = flag.String("out", "", "write the table to this file, as JSON")
)

// TestTable judges every peer whose clock can be faked. This library must be
// right in everything; what the others do is told and not held against them.
func TestTable(t *testing.T) {
	var table []correct.Row
	for _, peer := range peers.All() {
		if !correct.Judged(peer) || peer.RealClock {
			continue
		}
		t.Run(peer.Name, func(t *testing.T) {
			rows := inBubble(t, peer, *steps)
			table = append(table, rows...)
			for _, row := range rows {
				t.Log(string(text(row)))
				if peer.Module == "github.com/throttled-go/throttled" && !right(row) {
					t.Errorf("this library is wrong: %s", text(row))
				}
			}
		})
	}
	write(t, table)
}

// TestSpots judges the very calls that are measured. Nobody but this library is
// held to it.
func TestSpots(t *testing.T) {
	var table []correct.Spot
	for _, peer := range peers.All() {
		if !correct.Judged(peer) || peer.RealClock {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			spots, err := correct.SpotsInBubble(peer, *steps)
			if err != nil {
				t.Fatal(err)
			}
			table = append(table, spots...)
			for _, spot := range spots {
				if spot.Count.Asked != *steps {
					t.Errorf("asked for %d: %s", *steps, text(spot))
				}
				if peer.Module == "github.com/throttled-go/throttled" && !good(&spot.Count) {
					t.Errorf("this library is wrong: %s", text(spot))
				}
			}
		})
	}
	write(t, table)
}

// write writes a table to the file that was asked for, if one was.
func write(t *testing.T, table any) {
	if *out == "" {
		return
	}
	if err := os.WriteFile(*out, text(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

// text returns v as JSON.
func text(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func inBubble(t *testing.T, peer peers.Peer, steps int) (rows []correct.Row) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		if rows, err = correct.InBubble(peer, steps); err != nil {
			t.Fatal(err)
		}
	})
	return rows
}

func good(c *correct.Count) bool {
	return c == nil || c.Asked > 0 && c.WronglyAllowed == 0 && c.WronglyDenied == 0 && c.Beyond == 0
}

func right(row correct.Row) bool {
	promised := row.Promises == nil || row.Promises.Told > 0 && row.Promises.Kept == row.Promises.Told && row.Promises.TooLong == 0
	return good(&row.Ones) && good(row.Costs) && promised && row.DenialsCost != "yes"
}

// broken is a limiter with every fault that the table can tell of.
type broken struct {
	all, none bool // allows everything, or nothing after the first
	asked     int
	until     time.Time
}

func (b *broken) Allow(key string) bool { return b.Decide(key, 1).Allowed }
func (b *broken) Close() error          { return nil }

// Decide lets through what comes long enough after the last that came at all,
// and promises a second, which is too short.
func (b *broken) Decide(string, int64) peers.Decision {
	b.asked++
	if b.all || b.none {
		return peers.Decision{Allowed: b.all || b.asked == 1}
	}
	allowed := !time.Now().Before(b.until)
	b.until = time.Now().Add(time.Minute/7 + 1)
	return peers.Decision{Allowed: allowed, RetryAfter: time.Second}
}

// TestFaultsAreFound: the judge finds what it is there to find.
func TestFaultsAreFound(t *testing.T) {
	for _, test := range []struct {
		name    string
		limiter broken
		found   func(correct.Row) bool
		spots   func(allowed, denied correct.Count) bool
	}{
		{"allows all", broken{all: true}, func(r correct.Row) bool {
			return r.Ones.WronglyAllowed > 0 && r.Ones.Beyond > 1 && r.Costs.WronglyAllowed > 0
		}, func(allowed, denied correct.Count) bool {
			return allowed.WronglyAllowed == 0 && denied.WronglyAllowed == 299
		}},
		{"allows none", broken{none: true}, func(r correct.Row) bool {
			return r.Ones.WronglyDenied > 0 && r.Ones.Beyond == 0 && r.Costs.WronglyDenied > 0
		}, func(allowed, denied correct.Count) bool {
			return allowed.WronglyDenied == 299 && denied.WronglyDenied == 0
		}},
		{"puts off", broken{}, func(r correct.Row) bool {
			return r.DenialsCost == "yes" && r.Promises.Told > 0 && r.Promises.Kept == 0
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			peer := peers.Peer{
				Name: test.name, Law: peers.EvenSpacing, Costs: true, Tells: true,
				New: func(peers.Settings) (peers.Limiter, error) {
					limiter := test.limiter
					return &limiter, nil
				},
			}
			if row := inBubble(t, peer, 300)[0]; !test.found(row) {
				t.Errorf("not found: %s", text(row))
			}
			synctest.Test(t, func(t *testing.T) {
				spots, err := correct.SpotsInBubble(peer, 300)
				if err != nil || test.spots != nil && !test.spots(spots[0].Count, spots[1].Count) {
					t.Errorf("not found: %s, %v", text(spots), err)
				}
			})
		})
	}
}

// TestRealTime: what is judged in real time is judged the same. In a bubble it
// takes none.
func TestRealTime(t *testing.T) {
	for _, peer := range peers.All() {
		if peer.Law != peers.WindowByClock {
			continue // one is enough to tell, and this law is quickly told
		}
		synctest.Test(t, func(t *testing.T) {
			rows, err := correct.InRealTime(peer, 300)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if !right(row) || !row.RealTime {
					t.Error(string(text(row)))
				}
			}
		})
	}
}
