package redis_test

import (
	"fmt"
	"os"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/sync"
)

// What docs/migrating.md shows of Redis.
//
//nolint:testableexamples // needs a Redis, so it is compiled and not run
func Example_fromRedisRate() {
	buckets, err := redis.Open(os.Getenv("REDIS_URL"), redis.Options{})
	if err != nil {
		panic(err)
	}
	defer buckets.Close()

	second := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerSecond(10)}))
	hour := throttled.Must(sync.New(throttled.Config{Store: buckets, Quota: throttled.PerHour(1000)}))
	fmt.Println(second.Quota(), hour.Quota())
}
