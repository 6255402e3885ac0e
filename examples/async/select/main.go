// Select has a limiter in a select, beside a ticker and the signal to shut
// down: it sends a mail whenever the quota lets it, reports now and then, and
// stops when it is told to, though the next turn is still to come.
//
// Run it with:
//
//	go run ./examples/async/select
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
)

func main() {
	limiter := throttled.Must(async.New(throttled.Config{
		Quota: throttled.PerSecond(4).WithBurst(2),
	}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	shutdown := make(chan os.Signal, 1)
	signal.Notify(shutdown, os.Interrupt)
	time.AfterFunc(1900*time.Millisecond, func() { shutdown <- os.Interrupt }) // or press ^C before

	report := time.Tick(600 * time.Millisecond)

	fmt.Printf("mails at %v\n\n", limiter.Quota())
	sent, start := 0, time.Now()
	say := func(what string) {
		fmt.Printf("  %4d ms  %s\n", time.Since(start).Round(10*time.Millisecond).Milliseconds(), what)
	}
	turn := limiter.Wait(ctx, "mail")
	for {
		select {
		case outcome := <-turn:
			if outcome.Err != nil {
				fmt.Println("no turn:", outcome.Err)
				return
			}
			sent++
			say(fmt.Sprintf("mail %d", sent))
			turn = limiter.Wait(ctx, "mail")
		case <-report:
			say(fmt.Sprintf("-- %d sent so far", sent))
		case <-shutdown:
			say("shutting down")
			cancel() // gives the place in line up, and whoever stood behind it would move up
			outcome := <-turn
			fmt.Printf("\nthe last wait was cancelled: %v\n", errors.Is(outcome.Err, context.Canceled))
			return
		}
	}
}
