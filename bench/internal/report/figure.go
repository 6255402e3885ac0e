package report

import "slices"

// Figure is what was measured several times.
type Figure struct {
	Median float64   `json:"median"`
	Low    float64   `json:"low"`
	High   float64   `json:"high"`
	Values []float64 `json:"values"` // in the order in which they were measured
}

// figure needs at least one value.
func figure(values []float64) Figure {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Figure{Median: median, Low: sorted[0], High: sorted[len(sorted)-1], Values: values}
}

// Count returns how often it was measured.
func (f Figure) Count() int { return len(f.Values) }
