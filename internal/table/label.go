package table

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"

	"github.com/throttled-go/throttled"
)

// A key is short where it has at most 15 bytes, as "255.255.255.255" has, and
// the state of its bucket two words, as that of one rate has in all laws but one.
// Such a key lies beside the state of its bucket, and is compared without a call.
const (
	maxShort   = 15
	shortWords = 2
)

func short(plan *throttled.Plan, key string) bool {
	return len(key) <= maxShort && plan.Words() == shortWords
}

// labels makes the tags by which buckets are looked for: hashes of plan and key.
// Strangers may choose keys, so that which of them collide must not be foreseen:
// each table has random numbers of its own.
type labels struct {
	seed    maphash.Seed
	secrets [3]uint64
}

func newLabels() labels {
	return labels{maphash.MakeSeed(), [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()}}
}

// of returns the tag of a bucket.
func (s *labels) of(plan *throttled.Plan, key string) uint32 {
	if short(plan, key) {
		lo, hi := pack(key)
		return s.ofShort(plan, lo, hi)
	}
	return s.ofLong(plan, key)
}

// ofShort returns the tag of a short key, given as packed.
func (s *labels) ofShort(plan *throttled.Plan, lo, hi uint64) uint32 {
	hash := fold(lo^s.secrets[0], hi^plan.Hash()^s.secrets[1])
	return uint32(fold(hash, s.secrets[2])) // folded once, keys that count up crowd in one table of five to fifty
}

// ofLong returns the tag of a key that is not short.
func (s *labels) ofLong(plan *throttled.Plan, key string) uint32 {
	hash := maphash.String(s.seed, key) ^ plan.Hash()
	return uint32(hash ^ hash>>32)
}

// fold is a hash of two words, of which one at least is secret: both halves of their
// product. Go's own maps do so where the processor has no instructions for AES, after
// Wang Yi, https://github.com/wangyi-fudan/wyhash.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// pack returns a short key in two words: its bytes, and its length in the last.
func pack(key string) (lo, hi uint64) {
	b, n := []byte(key), len(key) // is read only, so that the compiler copies nothing
	switch {
	case n >= 8:
		lo = binary.LittleEndian.Uint64(b)
		hi = binary.LittleEndian.Uint64(b[n-8:]) >> (8 * (16 - n)) // without what lo has
	case n >= 4:
		lo = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*(n-4))
	default:
		for i, c := range b {
			lo |= uint64(c) << (8 * i)
		}
	}
	return lo, hi | uint64(n)<<56
}
