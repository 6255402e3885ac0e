package redis_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store/redis"
	"github.com/throttled-go/throttled/store/storetest"
)

func TestConformsOnOneServer(t *testing.T) { conforms(t, redistest.Shared(t).URL()) }

func TestConformsUnderSentinel(t *testing.T) { conforms(t, redistest.SharedSentinel(t).URL()) }

func TestConformsInCluster(t *testing.T) { conforms(t, redistest.SharedCluster(t).URL()) }

// conforms runs the suite through both faces.
func conforms(t *testing.T, url string) {
	open := func(t *testing.T) throttled.Store { return openStore(t, url, redis.Options{Timeout: 10 * time.Second}) }
	storetest.Run(t, open, storetest.RealTime(), storetest.Ticks(time.Microsecond))
	storetest.Run(t, open, storetest.RealTime(), storetest.Ticks(time.Microsecond), storetest.Channels())
}

// openStore opens a store that is closed with the test.
func openStore(t testing.TB, url string, options redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(url, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
