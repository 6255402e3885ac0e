package store

import (
	"errors"
	"fmt"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/table"
)

// DefaultMaxSize is the capacity of a store whose Options name none.
const DefaultMaxSize = 1024

// Options are the settings of a memory store. The zero Options are those of
// the default stores.
type Options struct {
	// MaxSize is how many buckets the store holds at most, up to 2^28.
	// 0 means DefaultMaxSize. See the package comment for the bytes a bucket
	// takes.
	MaxSize int

	// WhenFull decides what happens to a new key when MaxSize buckets are
	// live. The zero value is EvictLRU.
	WhenFull WhenFull
}

// WhenFull is what a store does with a new key when it is full of live ones.
// Expired buckets never count: they go first.
type WhenFull uint8

const (
	// EvictLRU forgets the bucket that was not used for the longest time. That
	// forgives what it had used up, so it is counted in Stats.Evictions.
	EvictLRU WhenFull = iota

	// DenyNew refuses the new key with ErrFull until there is room.
	DenyNew
)

// Stats counts what happened in a store since it was made.
type Stats struct {
	Hits        int64 // requests that found a live bucket
	Misses      int64 // requests that found none
	Expirations int64 // buckets that were dropped when they were as good as fresh: nothing was lost
	Evictions   int64 // live buckets that were forgotten to make room: each forgave what it had used up
	Waiting     int64 // callers who wait for their turn now
	Size        int64 // buckets held now, with those that expired and were not found out yet
}

// newTable checks o and makes the table it asks for.
func (o Options) newTable() (*table.Table, error) {
	var faults []error
	if o.MaxSize < 0 || o.MaxSize > table.MaxCapacity {
		faults = append(faults, fmt.Errorf("%w: MaxSize is %d; it must be from 1 to %d, or 0 for %d",
			throttled.ErrInvalidConfig, o.MaxSize, table.MaxCapacity, DefaultMaxSize))
	}
	if o.WhenFull > DenyNew {
		faults = append(faults, fmt.Errorf("%w: WhenFull is %d; it must be EvictLRU or DenyNew",
			throttled.ErrInvalidConfig, o.WhenFull))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	return table.New(o.MaxSize, o.WhenFull == DenyNew), nil
}
