package record_test

import (
	"context"
	"fmt"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
	"github.com/throttled-go/throttled/tune/record"
)

// A limiter in the shadow records what it is asked and denies nobody. Then
//
//	throttled-bench tune -csv calls.csv
//
// finds the quota to set.
func Example() {
	file, err := os.CreateTemp("", "calls*.csv")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())

	recorder, err := record.New(record.Options{Out: file, Shadow: true})
	if err != nil {
		panic(err)
	}
	limiter, err := sync.New(throttled.Config{
		Quota: throttled.PerMinute(1), // does not matter yet
		Hooks: []throttled.Hook{recorder.Hook},
	})
	if err != nil {
		panic(err)
	}

	for range 3 {
		res, err := limiter.Limit(context.Background(), "user:42")
		fmt.Println(res.Allowed, err)
	}

	err = recorder.Close()
	fmt.Printf("%+v %v\n", recorder.Stats(), err)
	// Output:
	// true <nil>
	// true <nil>
	// true <nil>
	// {Written:3 Dropped:0} <nil>
}
