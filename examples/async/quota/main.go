// Quota makes a limiter of each of several texts and asks all of them at once,
// thirty times each. The answers come on one channel, each under the text that
// it answers. Package sync's twin of this program shows what else may be
// written, and what is said of bad text.
//
// Run it with:
//
//	go run ./examples/async/quota
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

func main() {
	const calls = 30
	texts := []string{
		"100 per second",
		"20/S Burst 10",
		"10 per 2 minutes",
		"5/0.5s",
		"10/1h30m",
		"10/s burst 20; 1000 per hour, 5000/day",
	}
	ctx := context.Background()
	limiters := map[string]*async.Limiter{}
	for _, text := range texts {
		limiters[text] = throttled.Must(async.New(throttled.Config{Quota: throttled.MustParseQuota(text)}))
	}

	answers := make(chan throttled.Outcome, calls*len(texts))
	for range calls {
		for _, text := range texts {
			limiters[text].LimitTo(ctx, text, 1, answers)
		}
	}
	passed, last := map[string]int{}, map[string]throttled.Result{}
	for range cap(answers) {
		outcome := <-answers
		if outcome.Err != nil {
			log.Fatal(outcome.Err)
		}
		if outcome.Result.Allowed {
			passed[outcome.Key]++
		}
		last[outcome.Key] = outcome.Result
	}

	fmt.Printf("%d calls to each, all at once\n\n", calls)
	fmt.Printf("  %-40s %-30s passed  the next in  as new in\n", "text in", "canonical text out")
	for _, text := range texts {
		fmt.Printf("  %-40s %-30v %6d  %11v  %9v\n", text, limiters[text].Quota(), passed[text],
			last[text].RetryAfter().Round(10*time.Millisecond), last[text].ResetAfter().Round(10*time.Millisecond))
	}
}
