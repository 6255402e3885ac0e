package httplimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// farAhead is a wait that is longer than any that counts.
const farAhead = time.Duration(math.MaxInt64)

// adviceOf returns how long the server asks to be left alone, 0 if it does not.
// Retry-After of a 429 or a 503 goes before RateLimit, and that before the older
// fields, of which the longest wait counts. A field that is malformed says nothing,
// and neither do the fields of an answer that was kept in a cache.
func adviceOf(res *http.Response, now time.Time) time.Duration {
	if refuses(res.StatusCode) {
		if wait, ok := retryAfterOf(res.Header, serverTime(res.Header, now)); ok {
			return wait
		}
	}
	if res.Header["Age"] != nil {
		return 0
	}
	if lines := res.Header[fieldLimit]; lines != nil {
		if items, ok := parseRateLimit(lines); ok {
			return waitOf(items)
		}
		if wait, ok := parseDraft07(lines); ok {
			return wait
		}
	}
	return olderAdvice(res.Header, serverTime(res.Header, now))
}

// refuses reports whether status says that a request was not carried out because there
// were too many.
func refuses(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// serverTime returns what time it was at the server, which counts where it tells an
// instant; now if the server does not say.
func serverTime(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// waitOf returns the longest wait for a policy of which nothing remains.
func waitOf(items []limitItem) (wait time.Duration) {
	for _, item := range items {
		if item.r == 0 {
			wait = max(wait, wholeSeconds(item.t))
		}
	}
	return wait
}

// retryAfterOf parses Retry-After (RFC 9110, section 10.2.3), and what some send for
// waits of less than a second.
func retryAfterOf(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if ms, ok := parseSeconds(h.Get("Retry-After-Ms")); ok {
		return ms / 1000, true
	}
	text := h.Get("Retry-After")
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now)), true
	}
	return parseSeconds(text)
}

// older are the names by which servers tell what is left of a quota, and when there is
// more. The columns are: remaining, then the resets in order of preference.
var older = [...][]string{
	{"Ratelimit-Remaining", "Ratelimit-Reset"},                                // drafts 00 to 06, GitLab, Docker Hub
	{"X-Ratelimit-Remaining", "X-Ratelimit-Reset-After", "X-Ratelimit-Reset"}, // GitHub, Discord, Reddit
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},                          // X, Okta
	{"X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},          // OpenAI
	{"X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens"},
	{"Anthropic-Ratelimit-Requests-Remaining", "Anthropic-Ratelimit-Requests-Reset"},
	{"Anthropic-Ratelimit-Tokens-Remaining", "Anthropic-Ratelimit-Tokens-Reset"},
	{"Anthropic-Ratelimit-Input-Tokens-Remaining", "Anthropic-Ratelimit-Input-Tokens-Reset"},
	{"Anthropic-Ratelimit-Output-Tokens-Remaining", "Anthropic-Ratelimit-Output-Tokens-Reset"},
}

// olderAdvice returns the longest wait that fields of the older names tell.
func olderAdvice(h http.Header, now time.Time) (wait time.Duration) {
	for _, names := range older {
		if remaining, ok := parseSeconds(h.Get(names[0])); !ok || remaining > 0 {
			continue
		}
		for _, name := range names[1:] {
			if reset, ok := parseReset(h.Get(name), now); ok {
				wait = max(wait, reset)
				break
			}
		}
	}
	return wait
}

// parseDraft07 parses RateLimit as the drafts 07 and 08 had it:
// limit=100, remaining=50, reset=30.
func parseDraft07(lines []string) (wait time.Duration, ok bool) {
	remaining, reset := time.Duration(-1), time.Duration(-1)
	for member := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, value, _ := strings.Cut(trim(member), "=")
		number, whole := parseSeconds(value)
		switch {
		case name == "remaining" && whole:
			remaining = number
		case name == "reset" && whole:
			reset = number
		case name == "remaining" || name == "reset":
			return 0, false
		}
	}
	if remaining < 0 || reset < 0 {
		return 0, false
	}
	if remaining > 0 {
		return 0, true
	}
	return reset, true
}

// From here on a number of seconds is an instant, and a number of milliseconds.
const (
	firstEpoch       = 1e9 * time.Second // 2001
	firstEpochMillis = 1_000_000_000_000 // the same, in milliseconds
)

// parseReset parses the time at which, or after which, there is more: a number of seconds
// from now or since the Unix epoch, of milliseconds since then, a duration of Go, or a
// date.
func parseReset(text string, now time.Time) (wait time.Duration, ok bool) {
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil && millis >= firstEpochMillis {
		return max(0, time.UnixMilli(millis).Sub(now)), true
	}
	if after, ok := parseSeconds(text); ok {
		if after >= firstEpoch {
			after = max(0, time.Unix(0, 0).Add(after).Sub(now))
		}
		return after, true
	}
	if after, err := time.ParseDuration(text); err == nil && after >= 0 {
		return after, true
	}
	for _, parse := range []func(string) (time.Time, error){http.ParseTime, parseRFC3339} {
		if date, err := parse(text); err == nil {
			return max(0, date.Sub(now)), true
		}
	}
	return 0, false
}

func parseRFC3339(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }

// parseSeconds parses a number of seconds that is not negative, with or without a
// fraction, which is rounded up, and with or without parameters after it. What is too
// large is farAhead.
func parseSeconds(text string) (d time.Duration, ok bool) {
	text, _, _ = strings.Cut(text, ";")
	whole, fraction, pointed := strings.Cut(trim(text), ".")
	if whole == "" || pointed && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, false
	}
	number, err := strconv.ParseInt(whole, 10, 64)
	if err != nil { // only that it is too large
		return farAhead, true
	}
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if len(fraction) > 9 && strings.Trim(fraction[9:], "0") != "" {
		nanos++
	}
	seconds := wholeSeconds(number)
	if seconds > farAhead-time.Duration(nanos) {
		return farAhead, true
	}
	return seconds + time.Duration(nanos), true
}

// wholeSeconds returns n seconds; n below 0 is none, and what is too large is farAhead.
func wholeSeconds(n int64) time.Duration {
	if n > int64(farAhead/time.Second) {
		return farAhead
	}
	return time.Duration(max(0, n)) * time.Second
}
