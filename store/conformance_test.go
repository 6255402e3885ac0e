package store_test

import (
	"testing"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/storetest"
)

// TestMemoryConforms, of Memory through package sync, stands beside Memory.

func TestMemoryConformsThroughChannels(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newMemory(t, store.Options{}) }, storetest.Channels())
}

func TestActorConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newActor(t, store.Options{}) })
}

func TestActorConformsThroughChannels(t *testing.T) {
	storetest.Run(t, func(t *testing.T) throttled.Store { return newActor(t, store.Options{}) }, storetest.Channels())
}
