package async_test

import (
	"context"
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/actor"
)

// BenchmarkFloor has the parts that calls through an Actor are made of, and nobody
// decides anything: what a call cannot cost less than.
func BenchmarkFloor(b *testing.B) {
	b.Run("channel", func(b *testing.B) { // that Limit returns
		for b.Loop() {
			answer := make(chan throttled.Outcome, 1)
			answer <- throttled.Outcome{}
			<-answer
		}
	})
	b.Run("goroutine", func(b *testing.B) { // of the store, for one call at a time
		answers := make(chan throttled.Outcome, 1)
		answer := func() { answers <- throttled.Outcome{} }
		for b.Loop() {
			go answer()
			<-answers
		}
	})
	b.Run("goroutine+channel", func(b *testing.B) {
		for b.Loop() {
			answer := make(chan throttled.Outcome, 1)
			go func() { answer <- throttled.Outcome{} }()
			<-answer
		}
	})
	b.Run("mailbox/inflight=64", func(b *testing.B) {
		const inFlight = 64
		answers := make(chan throttled.Outcome, inFlight)
		echo := actor.New[chan<- throttled.Outcome, question](answers, echoes{}, inFlight)
		defer echo.Close()
		ask := func() { _ = echo.Post(context.Background(), func(*question) {}) }
		for range inFlight - 1 {
			ask()
		}
		for b.Loop() {
			ask()
			<-answers
		}
	})
}

// question is as large as a request.
type question struct{ throttled.Request }

// echoes answers all that it is asked.
type echoes struct{}

func (echoes) Receive(answers chan<- throttled.Outcome, batch []question) {
	for i := range batch {
		answers <- throttled.Outcome{Key: batch[i].Key}
	}
}

func (echoes) Refuse(chan<- throttled.Outcome, []question) {}
