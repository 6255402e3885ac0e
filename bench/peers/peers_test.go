package peers_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/throttled-go/throttled/bench/internal/load"
	"github.com/throttled-go/throttled/bench/peers"
)

// TestAdapters holds every peer that has a law to the least of it: of three at
// one instant, where two an hour may pass, the third is denied, and another key
// is another limit.
func TestAdapters(t *testing.T) {
	for _, peer := range peers.All() {
		if peer.Law == peers.NoLaw || peer.WaitsOnly {
			continue
		}
		t.Run(peer.Name, func(t *testing.T) {
			limiter, err := peer.New(peers.Settings{Limit: 2, Period: time.Hour, Burst: 2, MaxKeys: 10})
			if err != nil {
				t.Fatal(err)
			}
			defer limiter.Close()
			want := 2
			if peer.Law == peers.EvenSpacing {
				want = 1
			}
			if got := allowed(limiter, "ann", 3); got != want {
				t.Errorf("%d of 3 allowed, not %d", got, want)
			}
			decision := limiter.Decide("ann", 1)
			if decision.Allowed {
				t.Error("the fourth is allowed")
			}
			if peer.Tells != (decision.RetryAfter > 0) {
				t.Errorf("told to come again in %v", decision.RetryAfter)
			}
			if peer.Keys && allowed(limiter, "bob", 1) != 1 {
				t.Error("another key is denied")
			}
			if batcher, ok := limiter.(peers.Batcher); ok {
				if got := batcher.AllowAll([]string{"cid", "cid", "cid", "dot"}); got != 3 {
					t.Errorf("%d of 4 allowed, not 3", got)
				}
			}
		})
	}
}

func allowed(limiter peers.Limiter, key string, times int) (n int) {
	for range times {
		if limiter.Allow(key) {
			n++
		}
	}
	return n
}

// TestMixes: what is called mostly allowed is, and so is what is called mostly
// denied.
func TestMixes(t *testing.T) {
	for _, l := range load.All()[:1] {
		for _, peer := range peers.All() {
			for _, denied := range []bool{false, true} {
				cell := peers.Cell{Peer: peer, Load: l, Denied: denied}
				if cell.Cannot() != "" {
					continue
				}
				limiter, err := cell.New()
				if err != nil {
					t.Fatal(err)
				}
				const asked = 1000
				var passed int
				for _, key := range l.First(asked) {
					passed += allowed(limiter, key, 1)
				}
				limiter.Close()
				if share := float64(passed) / asked; denied != (share < 0.01) || !denied && share < 0.99 {
					t.Errorf("%s, %s, %s: %.1f%% allowed", l.Name, peer.Name, cell.Mix(), 100*share)
				}
			}
		}
	}
}

// TestCosts: a peer that takes costs takes them whole.
func TestCosts(t *testing.T) {
	for _, peer := range peers.All() {
		if peer.Law == peers.NoLaw || !peer.Costs {
			continue
		}
		t.Run(peer.Name, func(t *testing.T) {
			limiter, err := peer.New(peers.Settings{Limit: 10, Period: time.Hour, Burst: 10, MaxKeys: 10})
			if err != nil {
				t.Fatal(err)
			}
			defer limiter.Close()
			if !limiter.Decide("ann", 7).Allowed {
				t.Error("7 of 10 are denied")
			}
			if limiter.Decide("ann", 4).Allowed {
				t.Error("11 of 10 are allowed")
			}
		})
	}
}

// TestWaiters: a peer that only waits lets the first through at once, and each
// one after it when its time has come.
func TestWaiters(t *testing.T) {
	for _, peer := range peers.All() {
		if !peer.WaitsOnly {
			continue
		}
		t.Run(peer.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter, err := peer.New(peers.Settings{Limit: 10, Period: time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				defer limiter.Close()
				began := time.Now()
				for range 3 {
					limiter.Allow("")
				}
				if took := time.Since(began); took != 12*time.Minute {
					t.Errorf("three took %v, at ten an hour", took)
				}
			})
		})
	}
}

// TestHeap: this library bounds its memory, and a map does not.
func TestHeap(t *testing.T) {
	for _, peer := range peers.All() {
		if !peer.Keys {
			continue
		}
		heap, err := peers.MeasureHeap(peer, 2000)
		if err != nil {
			t.Fatal(err)
		}
		if bounded := heap.Growth < 2; bounded != peer.Bounded {
			t.Errorf("%s says of its bound %q, and takes %.1f times with ten times the keys", peer.Name, peer.Bound, heap.Growth)
		}
	}
}
