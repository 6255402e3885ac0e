package hashslot_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/throttled-go/throttled/internal/hashslot"
)

// TestOf has the check value of CRC16 (XMODEM) and the hash tags of the
// specification. The tests of redistest compare with a cluster.
func TestOf(t *testing.T) {
	assert.EqualValues(t, 0x31c3, hashslot.Of("123456789"))
	for key, tag := range map[string]string{
		"{user1000}.following": "user1000",
		"foo{bar}{zap}":        "bar",
		"foo{{bar}}zap":        "{bar",
		"}{a}":                 "a",
	} {
		assert.Equal(t, hashslot.Of(tag), hashslot.Of(key), key)
	}
	assert.NotEqual(t, hashslot.Of("bar"), hashslot.Of("foo{}{bar}"), "an empty tag is none")
}
