package throttled_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/throttled-go/throttled"
)

func ExampleQuota() {
	fmt.Println(throttled.PerMinute(60))
	fmt.Println(throttled.Per(5, 500*time.Millisecond))
	fmt.Println(throttled.PerSecond(0))

	_, err := throttled.PerSecond(0).MarshalText()
	fmt.Println(errors.Is(err, throttled.ErrInvalidQuota))
	// Output:
	// 60/m
	// 5/500ms
	// 0/s
	// true
}

func ExampleQuota_WithBurst() {
	fmt.Println(throttled.PerSecond(100).WithBurst(200))
	fmt.Println(throttled.PerSecond(100).WithBurst(100))
	fmt.Println(throttled.PerSecond(10).And(throttled.PerHour(1000)).WithBurst(50))
	// Output:
	// 100/s burst 200
	// 100/s
	// 10/s; 1000/h burst 50
}

func ExampleQuota_And() {
	quota := throttled.PerSecond(10).WithBurst(20).And(throttled.PerHour(1000))
	fmt.Println(quota)
	// Output: 10/s burst 20; 1000/h
}

func ExampleQuota_UnmarshalText() {
	var config struct {
		Quota     throttled.Quota
		Algorithm throttled.Algorithm
	}
	text := `{"quota": "100 per second, 5000 per minute", "algorithm": "gcra"}`
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		fmt.Println(err)
	}
	fmt.Println(config.Quota)
	fmt.Println(config.Algorithm)
	// Output:
	// 100/s; 5000/m
	// gcra
}

func ExampleRate() {
	quota := throttled.NewQuota(
		throttled.Rate{Limit: 10, Period: time.Second, Burst: 20},
		throttled.Rate{Limit: 1000, Period: time.Hour},
	)
	for _, rate := range quota.Rates() {
		fmt.Println(rate.Limit, rate.Period, rate.Burst)
	}
	// Output:
	// 10 1s 20
	// 1000 1h0m0s 0
}

func ExampleParseQuota() {
	for _, text := range []string{"100 per second", "10/s burst 20; 1000/h", "10 per 2 minutes", "5/1.5h", "5/fortnight"} {
		quota, err := throttled.ParseQuota(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(quota)
	}
	// Output:
	// 100/s
	// 10/s burst 20; 1000/h
	// 10/2m
	// 5/90m
	// throttled: invalid quota "5/fortnight": unknown unit "fortnight"; units are s, m, h, d and w, or spelt out as in minutes, and ms, us and ns
}

func ExampleMustParseQuota() {
	quota := throttled.MustParseQuota("100/s burst 200")
	fmt.Println(quota.Rates()[0].Burst)
	// Output: 200
}

func ExampleAlgorithm() {
	var zero throttled.Algorithm
	fmt.Println(zero)
	fmt.Println(throttled.SlidingWindow)
	// Output:
	// token_bucket
	// sliding_window
}

func ExampleParseAlgorithm() {
	algorithm, err := throttled.ParseAlgorithm("Leaky Bucket")
	fmt.Println(algorithm, err)

	_, err = throttled.ParseAlgorithm("bucket")
	fmt.Println(err)
	// Output:
	// leaky_bucket <nil>
	// throttled: invalid config: unknown algorithm "bucket"; use token_bucket, leaky_bucket, gcra, fixed_window or sliding_window
}
