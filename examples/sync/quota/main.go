// Quota shows quotas as text: what a person may write, the one canonical text
// it becomes, the same quotas built in Go, and what is said of bad text.
//
// Run it with:
//
//	go run ./examples/sync/quota
package main

import (
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

func main() {
	fmt.Println("text in, canonical text out")
	for _, text := range []string{
		"100 per second",
		"100/S Burst 200",
		"10 per 2 minutes",
		"5/0.5s",
		"10/1h30m",
		"10/s burst 20; 1000 per hour, 5000/day",
	} {
		fmt.Printf("  %-40s %v\n", text, throttled.MustParseQuota(text))
	}

	fmt.Println("\nthe same in Go")
	fmt.Printf("  %v\n", throttled.PerSecond(100))
	fmt.Printf("  %v\n", throttled.PerSecond(100).WithBurst(200))
	fmt.Printf("  %v\n", throttled.Per(10, 2*time.Minute))
	fmt.Printf("  %v\n", throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000)))

	fmt.Println("\nthe rates of a quota")
	for _, rate := range throttled.MustParseQuota("10/s burst 20; 1000/h").Rates() {
		fmt.Printf("  limit %4d  period %6v  burst %2d (0 means the limit)\n", rate.Limit, rate.Period, rate.Burst)
	}

	fmt.Println("\nbad text")
	for _, text := range []string{"", "100", "fast", "5/fortnight", "1.5/s", "0/s", "10/s burst 0", "10/s 20"} {
		_, err := throttled.ParseQuota(text)
		fmt.Printf("  %v\n", err)
	}
}
