package throttled_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/algorithm"
)

func TestAlgorithmText(t *testing.T) {
	names := map[throttled.Algorithm]string{
		throttled.TokenBucket:   "token_bucket",
		throttled.LeakyBucket:   "leaky_bucket",
		throttled.GCRA:          "gcra",
		throttled.FixedWindow:   "fixed_window",
		throttled.SlidingWindow: "sliding_window",
	}
	for algorithm, name := range names {
		assert.Equal(t, name, algorithm.String())

		text, err := algorithm.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, name, string(text))

		parsed, err := throttled.ParseAlgorithm(name)
		require.NoError(t, err)
		assert.Equal(t, algorithm, parsed)

		var read throttled.Algorithm
		require.NoError(t, read.UnmarshalText(text))
		assert.Equal(t, algorithm, read)
	}
}

// TestAlgorithmsAreKinds: the algorithms and their laws have the same values, so that
// one is converted to the other.
func TestAlgorithmsAreKinds(t *testing.T) {
	for a, kind := range map[throttled.Algorithm]algorithm.Kind{
		throttled.TokenBucket:   algorithm.TokenBucket,
		throttled.LeakyBucket:   algorithm.LeakyBucket,
		throttled.GCRA:          algorithm.GCRA,
		throttled.FixedWindow:   algorithm.FixedWindow,
		throttled.SlidingWindow: algorithm.SlidingWindow,
	} {
		assert.Equal(t, kind, algorithm.Kind(a), a)
	}
}

func TestZeroAlgorithmIsTokenBucket(t *testing.T) {
	var zero throttled.Algorithm
	assert.Equal(t, throttled.TokenBucket, zero)
}

func TestParseAlgorithmTolerates(t *testing.T) {
	for text, want := range map[string]throttled.Algorithm{
		"leaking_bucket":      throttled.LeakyBucket,
		"Leaking Bucket":      throttled.LeakyBucket,
		"TOKEN_BUCKET":        throttled.TokenBucket,
		"token-bucket":        throttled.TokenBucket,
		"Token Bucket":        throttled.TokenBucket,
		"  gcra\n":            throttled.GCRA,
		"GCRA":                throttled.GCRA,
		"\tFixed-Window ":     throttled.FixedWindow,
		"sliding window\r\n ": throttled.SlidingWindow,
	} {
		parsed, err := throttled.ParseAlgorithm(text)
		if assert.NoError(t, err, "%q", text) {
			assert.Equal(t, want, parsed, "%q", text)
		}
	}
}

func TestParseAlgorithmRefuses(t *testing.T) {
	const allowed = "use token_bucket, leaky_bucket, gcra, fixed_window or sliding_window"
	for text, quoted := range map[string]string{
		"":                         `""`,
		" ":                        `" "`,
		"tokenbucket":              `"tokenbucket"`,
		"token__bucket":            `"token__bucket"`,
		"token_bucket_":            `"token_bucket_"`,
		"0":                        `"0"`,
		"algorithm(9)":             `"algorithm(9)"`,
		"\xff":                     `"\xff"`,
		strings.Repeat("x", 1<<16): `"` + strings.Repeat("x", 80) + `"...`,
	} {
		_, err := throttled.ParseAlgorithm(text)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig, quoted)
		require.EqualError(t, err, "throttled: invalid config: unknown algorithm "+quoted+"; "+allowed)

		read := throttled.SlidingWindow
		require.ErrorIs(t, read.UnmarshalText([]byte(text)), throttled.ErrInvalidConfig)
		assert.Equal(t, throttled.SlidingWindow, read, "unchanged on an error")
	}
}

func TestUnknownAlgorithm(t *testing.T) {
	unknown := throttled.Algorithm(9)
	assert.Equal(t, "algorithm(9)", fmt.Sprint(unknown))
	assert.Equal(t, "algorithm(255)", throttled.Algorithm(255).String())

	text, err := unknown.MarshalText()
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
	assert.ErrorContains(t, err, `"algorithm(9)"`)
	assert.Nil(t, text)
}
