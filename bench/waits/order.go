package waits

import (
	"context"
	"time"
)

// Order is what came of a line in which one gives up. All times are since the
// line began, with a turn every second.
type Order struct {
	Waiter   string `json:"waiter"`
	Arrived  int    `json:"arrived"`
	Inverted int    `json:"inverted"` // pairs of them that were let out in the other order

	Cancels bool          `json:"cancels"`
	Ahead   time.Duration `json:"ahead"`  // when the one ahead of who gave up was let out
	Behind  time.Duration `json:"behind"` // when the one behind was
	After   time.Duration `json:"after"`  // when one was who came after that
}

// MovedUp reports whether the place of one who gave up went to those behind.
func (o Order) MovedUp() bool { return o.Behind == 2*time.Second }

// Lost reports whether that place was lost, also for those who came later.
func (o Order) Lost() bool { return o.After > 3*time.Second }

// MeasureOrder looks at a line. It belongs into a testing/synctest bubble, and
// settle must return when all others stand still.
func MeasureOrder(w Waiter, arrivals int, settle func()) (order Order, err error) {
	order = Order{Waiter: w.Name, Arrived: arrivals, Cancels: w.Cancels}
	if order.Inverted, err = inverted(w, arrivals, settle); err == nil && w.Cancels {
		err = order.giveUp(w, settle)
	}
	return order, err
}

// begin returns a line whose first turn was just taken.
func begin(w Waiter) (Line, error) {
	line, err := w.New(time.Second)
	if err != nil {
		return nil, err
	}
	return line, line.Wait(context.Background())
}

// inverted lets callers in one by one and counts the pairs that come out in the
// other order.
func inverted(w Waiter, arrivals int, settle func()) (pairs int, err error) {
	line, err := begin(w)
	if err != nil {
		return 0, err
	}
	out := make(chan int, arrivals)
	for i := range arrivals {
		go func() {
			if line.Wait(context.Background()) == nil {
				out <- i
			}
		}()
		settle()
	}
	var left []int
	for range arrivals {
		next := <-out
		for _, before := range left {
			if before > next {
				pairs++
			}
		}
		left = append(left, next)
	}
	return pairs, line.Close()
}

// giveUp has three stand in line for the turns at 1, 2 and 3 s. The second gives
// up at 0.5 s, and at 0.6 s one more comes.
func (o *Order) giveUp(w Waiter, settle func()) error {
	line, err := begin(w)
	if err != nil {
		return err
	}
	began := time.Now()
	join := func(ctx context.Context) <-chan time.Duration {
		out := make(chan time.Duration, 1)
		go func() {
			if line.Wait(ctx) == nil {
				out <- time.Since(began)
			}
		}()
		settle()
		return out
	}
	ahead := join(context.Background())
	ctx, cancel := context.WithCancel(context.Background())
	join(ctx)
	behind := join(context.Background())
	time.Sleep(500 * time.Millisecond)
	cancel()
	time.Sleep(100 * time.Millisecond)
	after := join(context.Background())
	o.Ahead, o.Behind, o.After = <-ahead, <-behind, <-after
	return line.Close()
}
