package httplimit

import (
	"net/http"
	"time"
)

// Pauses returns how many pauses t remembers.
func Pauses(t *Transport) int {
	t.pauses.mu.Lock()
	defer t.pauses.mu.Unlock()
	return len(t.pauses.untils)
}

// ParseRateLimit is parseRateLimit as the fuzzer sees it.
func ParseRateLimit(line string) (names []string, numbers [][2]int64, ok bool) {
	items, ok := parseRateLimit([]string{line})
	for _, item := range items {
		names, numbers = append(names, item.name), append(numbers, [2]int64{item.r, item.t})
	}
	return names, numbers, ok
}

// AdviceOf is adviceOf.
func AdviceOf(res *http.Response, now time.Time) time.Duration { return adviceOf(res, now) }
