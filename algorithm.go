package throttled

import (
	"fmt"
	"strings"
)

// Algorithm is the law by which a [Quota] is held. The zero value is
// [TokenBucket].
//
// The three buckets let a key save up unused permits, to at most the burst of
// the rate, and give them back evenly: one every Period/Limit. The two windows
// count requests against the clock and ignore the burst.
type Algorithm uint8

const (
	// TokenBucket fills a bucket of Burst tokens at the pace of the rate; a
	// request takes its cost out or is denied. The term is that of RFC 2215,
	// section 3. It is the same law as [GCRA], written from the other end:
	// tokens left instead of time owed. Both have one implementation and give
	// the same answers.
	TokenBucket Algorithm = iota

	// LeakyBucket is the bucket of J. Turner, "New directions in
	// communications", IEEE Communications Magazine 24(10), 1986: a request
	// pours its cost in, and it leaks at the pace of the rate. Limit uses it as
	// a meter, which is again the law of [TokenBucket]. Wait uses it as a
	// queue: what fits is let out evenly spaced, without bursts, and what does
	// not fit is turned away at once.
	LeakyBucket

	// GCRA is the generic cell rate algorithm of ITU-T I.371 and the ATM Forum's
	// Traffic Management 4.0, in the form called virtual scheduling: it keeps
	// nothing but the instant at which the next request would be on time, and
	// allows one that is early by no more than the burst.
	GCRA

	// FixedWindow counts the requests of the window that holds this instant.
	// Windows start at whole multiples of Period since the Unix epoch, for all
	// keys at once. Around a boundary up to twice the limit can pass within one
	// Period.
	FixedWindow

	// SlidingWindow is the counter described by Cloudflare in 2017 ("How we
	// built rate limiting capable of scaling to millions of domains"): the
	// count of this fixed window, and that of the one before weighted by how
	// much of it still lies within the last Period. It takes the requests of
	// the window before as spread evenly, but rounds nothing.
	SlidingWindow
)

// algorithmNames is indexed by Algorithm.
var algorithmNames = [...]string{"token_bucket", "leaky_bucket", "gcra", "fixed_window", "sliding_window"}

const algorithmsAllowed = "use token_bucket, leaky_bucket, gcra, fixed_window or sliding_window"

// ParseAlgorithm returns the algorithm that text names: "token_bucket",
// "leaky_bucket" or "leaking_bucket", "gcra", "fixed_window" or
// "sliding_window". Letter case and surrounding blanks do not matter, and '-'
// or ' ' may stand for '_'. Any other text, the empty one included, is
// [ErrInvalidConfig].
func ParseAlgorithm(text string) (Algorithm, error) {
	name := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(strings.TrimSpace(text)))
	if name == "leaking_bucket" {
		return LeakyBucket, nil
	}
	for i, known := range algorithmNames {
		if name == known {
			return Algorithm(i), nil
		}
	}
	return 0, fmt.Errorf("%w: unknown algorithm %s; %s", ErrInvalidConfig, quote(text), algorithmsAllowed)
}

// String returns the name that [ParseAlgorithm] reads, or "algorithm(9)" for a
// value that is none of the constants.
func (a Algorithm) String() string {
	if int(a) < len(algorithmNames) {
		return algorithmNames[a]
	}
	return fmt.Sprintf("algorithm(%d)", uint8(a))
}

// MarshalText returns the text of String, or [ErrInvalidConfig] for a value
// that is none of the constants.
func (a Algorithm) MarshalText() ([]byte, error) {
	if err := a.validate(); err != nil {
		return nil, err
	}
	return []byte(a.String()), nil
}

// UnmarshalText sets *a as [ParseAlgorithm] reads text; on an error *a is
// unchanged.
func (a *Algorithm) UnmarshalText(text []byte) error {
	parsed, err := ParseAlgorithm(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

func (a Algorithm) validate() error {
	if int(a) < len(algorithmNames) {
		return nil
	}
	return fmt.Errorf("%w: unknown algorithm %q; %s", ErrInvalidConfig, a.String(), algorithmsAllowed)
}
