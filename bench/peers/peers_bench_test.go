package peers_test

import (
	"testing"

	"github.com/throttled-go/throttled/bench/internal/load"
	"github.com/throttled-go/throttled/bench/peers"
)

// BenchmarkPeers: one decision of each peer, for keys that it knows. A cell that
// a peer cannot do logs why.
func BenchmarkPeers(b *testing.B) {
	for _, l := range load.All() {
		for _, peer := range peers.All() {
			for _, denied := range []bool{false, true} {
				cell := peers.Cell{Peer: peer, Load: l, Denied: denied}
				name := l.Name + "/" + peer.Name + "/" + cell.Mix()
				if why := cell.Cannot(); why != "" {
					b.Logf("%s: not measured: the peer %s", name, why)
					continue
				}
				run, end := cell.Benchmark()
				b.Run(name, run)
				if err := end(); err != nil {
					b.Error(err)
				}
			}
		}
	}
}

// BenchmarkHeap: what a key takes, and how many times that ten times the keys
// take that a peer was given room for.
func BenchmarkHeap(b *testing.B) {
	for _, peer := range peers.All() {
		if !peer.Keys {
			b.Logf("%s: not measured: the peer has no keys", peer.Name)
			continue
		}
		b.Run(peer.Name, func(b *testing.B) {
			var heap peers.Heap
			for b.Loop() {
				var err error
				if heap, err = peers.MeasureHeap(peer, 20_000); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(heap.BytesPerKey, "B/key")
			b.ReportMetric(heap.Growth, "×-with-10×-keys")
			b.ReportMetric(0, "ns/op")
		})
	}
}
