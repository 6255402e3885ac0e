// Package report measures this library beside its peers and makes a page of it.
package report

import (
	"encoding/json"
	"time"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/waits"
)

// Report is all figures of one run.
type Report struct {
	Made        time.Time `json:"made"`
	Command     string    `json:"command"`
	Set         Set       `json:"set"`
	Machine     Machine   `json:"machine"`
	Peers       []Peer    `json:"peers"`
	NotMeasured []string  `json:"not_measured"`

	Speed   []Speed        `json:"speed"`
	Heap    []Heap         `json:"heap"`
	Correct []correct.Row  `json:"correct"`
	Spots   []correct.Spot `json:"spots"`
	Orders  []waits.Order  `json:"orders"`
	Crowds  []Crowd        `json:"crowds"`
}

// Peer is what was measured, and in which version.
type Peer struct {
	Name    string `json:"name"`
	What    string `json:"what"`
	Module  string `json:"module"`
	Version string `json:"version"`
	Law     string `json:"law"`
	Bound   string `json:"bound"`
	Bounded bool   `json:"bounded"` // holds no more keys than it was given room for
}

// Speed is one decision of a peer at a load.
type Speed struct {
	Peer   string `json:"peer"`
	Load   string `json:"load"`
	Mix    string `json:"mix"`
	Procs  int    `json:"procs"`
	Cannot string `json:"cannot,omitempty"` // why there are no figures

	Time   Figure `json:"ns_per_op"`
	Bytes  int64  `json:"bytes_per_op"`
	Allocs int64  `json:"allocs_per_op"`
}

// Heap is what a peer keeps for its keys.
type Heap struct {
	Peer   string `json:"peer"`
	Cannot string `json:"cannot,omitempty"`
	Bytes  Figure `json:"bytes_per_key"`
	Growth Figure `json:"growth"` // with ten times the keys that it was given room for
}

// Crowd is what came of many who waited at one limiter. Durations are in
// microseconds.
type Crowd struct {
	Waiter string    `json:"waiter"`
	First  Figure    `json:"first_us"`
	P50    Figure    `json:"p50_us"`
	P99    Figure    `json:"p99_us"`
	CPU    Figure    `json:"cpu_us_per_wait"`
	Bytes  Figure    `json:"bytes_per_wait"`
	Curve  []float64 `json:"curve_us"` // of the last run: lateness at the quantiles 0, 0.01, …, 1
}

// JSON returns the raw figures.
func (r *Report) JSON() ([]byte, error) { return json.MarshalIndent(r, "", "\t") }
