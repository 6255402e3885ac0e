// Package words tells numbers the way people read them.
package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Counted returns a number and its noun, as in "1 client" and "1,024 clients".
func Counted[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(int64(n)) + " " + noun + "s"
}

// Percent returns what part of the whole a part is; of nothing it is 0.0%.
func Percent(part, whole int64) string {
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(max(1, whole)))
}

// Times returns a cost as a multiple of a limit.
func Times(cost, limit int64) string { return fmt.Sprintf("%.2f", float64(cost)/float64(limit)) }

// Multiple returns how many times a part goes into the whole, in full: "9 times".
func Multiple(whole, part int64) string {
	return Counted(whole/max(1, part), "time")
}

// Period returns a duration without the units that are zero: 1m and not 1m0s.
func Period(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
