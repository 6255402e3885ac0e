package storetest_test

import (
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store/storetest"
)

// MapStore, the example of this package, is about as little as a store can be.
func TestMapStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) throttled.Store { return NewMapStore() }, storetest.WithoutLine())
}
