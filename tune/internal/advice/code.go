package advice

import (
	"fmt"

	"github.com/throttled-go/throttled"
)

// code returns the settings as Go, formatted as gofmt has it.
func code(quota throttled.Quota, algorithm throttled.Algorithm, maxSize int) string {
	return fmt.Sprintf(`buckets, err := store.NewMemory(store.Options{MaxSize: %d})
if err != nil {
	return err
}
limiter, err := sync.New(throttled.Config{
	Quota:     throttled.MustParseQuota(%q),
	Algorithm: throttled.%s,
	Store:     buckets,
})
`, maxSize, quota.String(), constant(algorithm))
}

// constant returns the Go name of an algorithm.
func constant(a throttled.Algorithm) string {
	return [...]string{
		throttled.TokenBucket:   "TokenBucket",
		throttled.LeakyBucket:   "LeakyBucket",
		throttled.GCRA:          "GCRA",
		throttled.FixedWindow:   "FixedWindow",
		throttled.SlidingWindow: "SlidingWindow",
	}[a]
}
