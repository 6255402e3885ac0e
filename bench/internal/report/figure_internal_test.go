package report

import "testing"

func TestFigure(t *testing.T) {
	for _, test := range []struct {
		values            []float64
		low, median, high float64
	}{
		{[]float64{5}, 5, 5, 5},
		{[]float64{9, 1, 4}, 1, 4, 9},
		{[]float64{8, 2, 4, 6}, 2, 5, 8},
	} {
		f := figure(test.values)
		if f.Low != test.low || f.Median != test.median || f.High != test.high || f.Count() != len(test.values) {
			t.Errorf("%v: %+v", test.values, f)
		}
	}
}
