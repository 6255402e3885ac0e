package async

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
)

// DefaultStore returns the store of all limiters of this package that name
// none: 1024 buckets owned by a goroutine, the longest unused of which goes
// first. It is independent of the default store of package sync. It cannot be
// closed: Close does nothing. While it is not in use it has no goroutine.
//
// Its clock is that of the process, so do not use it inside a
// testing/synctest bubble: give the limiters there a store of their own, made
// in the bubble.
func DefaultStore() throttled.Store { return defaultStore }

var defaultStore = permanent{throttled.Must(store.NewActor(store.Options{}))}

// permanent is a store that cannot be closed.
type permanent struct{ *store.Actor }

// Close does nothing.
func (permanent) Close() error { return nil }
