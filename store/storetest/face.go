package storetest

import (
	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/sync"
)

// blocking is the default face.
func blocking(cfg throttled.Config) (Limiter, error) { return sync.New(cfg) }
