package redis_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/internal/redistest"
	"github.com/throttled-go/throttled/store"
	"github.com/throttled-go/throttled/store/redis"
)

// works requires a store to answer.
func works(t *testing.T, s *redis.Store) {
	t.Helper()
	res, err := newLimiter(t, s, "5/h").Limit(t.Context(), "k")
	require.NoError(t, err)
	require.True(t, res.Checked())
}

func TestOpenSocket(t *testing.T) {
	works(t, openStore(t, redistest.Start(t, redistest.WithUnixSocket()).SocketURL(), redis.Options{}))
}

func TestOpenTLS(t *testing.T) {
	server := redistest.Start(t, redistest.WithTLS())
	trust := func(o *rueidis.ClientOption) { o.TLSConfig = server.TLSConfig() }
	works(t, openStore(t, server.URL(), redis.Options{Client: trust}))

	_, err := redis.Open(server.URL(), redis.Options{})
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	var unknown *tls.CertificateVerificationError
	require.ErrorAs(t, err, &unknown)
}

func TestOpenTLSEverywhere(t *testing.T) {
	trust := func(config *tls.Config) func(*rueidis.ClientOption) {
		// The nodes and the sentinels share one configuration, to which roots are
		// added, as the documentation says.
		return func(o *rueidis.ClientOption) { o.TLSConfig.RootCAs = config.RootCAs }
	}
	t.Run("sentinel", func(t *testing.T) {
		set := redistest.StartSentinel(t, redistest.WithTLS())
		works(t, openStore(t, set.URL(), redis.Options{Client: trust(set.Servers()[0].TLSConfig())}))
	})
	t.Run("cluster", func(t *testing.T) {
		nodes := redistest.StartCluster(t, redistest.WithTLS())
		works(t, openStore(t, nodes.URL(), redis.Options{Client: trust(nodes.Nodes()[0].TLSConfig())}))
	})
}

const (
	user     = "limiter@home"
	password = "p:@/%?#[]ä "
)

func TestOpenUser(t *testing.T) {
	server := redistest.Start(t, redistest.WithUser(user, password, "~*", "&*", "+@all"))
	works(t, openStore(t, server.URL(), redis.Options{}))
	anonymous := "redis://" + server.Addr()
	s, err := redis.Open(anonymous, redis.Options{})
	require.ErrorIs(t, err, throttled.ErrStoreUnavailable)
	require.ErrorContains(t, err, "NOAUTH")
	require.Nil(t, s)
}

func TestOpenUserUnderSentinel(t *testing.T) {
	set := redistest.StartSentinel(t, redistest.WithUser(user, password, "~*", "&*", "+@all"), redistest.WithSentinelUser("watcher", "another one"))
	works(t, openStore(t, set.URL(), redis.Options{}))
}

func TestOpenUserInCluster(t *testing.T) {
	works(t, openStore(t, redistest.StartCluster(t, redistest.WithUser(user, password, "~*", "&*", "+@all")).URL(), redis.Options{}))
}

// TestNothingShowsPasswords prints a store, and every error on the way to it.
func TestNothingShowsPasswords(t *testing.T) {
	server := redistest.Start(t, redistest.WithUser(user, password, "~*", "&*", "+@all"))
	s := openStore(t, server.URL(), redis.Options{})
	wrong := strings.Replace(server.URL(), "@127", "x@127", 1)
	require.NotEqual(t, server.URL(), wrong)
	_, refused := redis.Open(wrong, redis.Options{})
	require.ErrorIs(t, refused, throttled.ErrStoreUnavailable)
	_, unreachable := redis.Open("redis://someone:hush-hush@"+refusing(t), redis.Options{})
	require.ErrorIs(t, unreachable, throttled.ErrStoreUnavailable)
	away, err := redis.Open("redis://someone:hush-hush@"+refusing(t), redis.Options{OnFailure: redis.Allow})
	require.NoError(t, err)
	defer away.Close()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		for _, what := range []any{s, away, refused, unreachable} {
			text := fmt.Sprintf(verb, what)
			for _, secret := range []string{password, "hush", "limiter@", fmt.Sprintf("%x", "hush")} {
				require.NotContains(t, text, secret, verb)
			}
		}
	}
}

// refusing returns an address at which nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestOpenRefuses(t *testing.T) {
	memory, err := store.NewMemory(store.Options{})
	require.NoError(t, err)
	url := redistest.Shared(t).URL()
	for text, options := range map[string]redis.Options{
		"Timeout is -1s":            {Timeout: -time.Second},
		"OnFailure is 3":            {OnFailure: 3},
		"give both or none":         {OnFailure: redis.Fallback, Processes: 1},
		"give both":                 {Local: memory},
		"Processes is 0":            {OnFailure: redis.Fallback, Local: memory},
		"Processes is -4":           {OnFailure: redis.Fallback, Local: memory, Processes: -4},
		"DenyCacheSize is -1":       {DenyCacheSize: -1},
		"DenyCacheTime is -1ns":     {DenyCacheTime: -1},
		"Breaker.Cooldown is -1m0s": {Breaker: redis.Breaker{Cooldown: -time.Minute}},
	} {
		_, err := redis.Open(url, options)
		require.ErrorIs(t, err, throttled.ErrInvalidConfig, text)
		require.ErrorContains(t, err, text)
	}
	_, err = redis.Open(url, redis.Options{Timeout: -1, DenyCacheSize: -1})
	require.ErrorContains(t, err, "Timeout")
	require.ErrorContains(t, err, "DenyCacheSize", "all faults are told")
	_, err = redis.Open("http://localhost", redis.Options{})
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
}

func TestNewRefuses(t *testing.T) {
	_, err := redis.New(nil, redis.Options{})
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
	require.ErrorContains(t, err, "redis.Open")

	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redistest.Shared(t).Addr()}, ForceSingleClient: true, DisableCache: true})
	require.NoError(t, err)
	defer client.Close()
	_, err = redis.New(client, redis.Options{Client: func(*rueidis.ClientOption) {}})
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
	_, err = redis.New(client, redis.Options{Timeout: -1})
	require.ErrorIs(t, err, throttled.ErrInvalidConfig)
}

// TestOptionsClient: Options.Client gets the settings of the client, and what it
// changes takes effect.
func TestOptionsClient(t *testing.T) {
	server := redistest.Start(t)
	var seen rueidis.ClientOption
	s := openStore(t, server.URL()+"?timeout=7s", redis.Options{Client: func(o *rueidis.ClientOption) {
		seen = *o
		o.ClientName = "changed"
	}})
	works(t, s)
	assert.True(t, seen.AlwaysPipelining)
	assert.True(t, seen.DisableCache)
	assert.True(t, seen.ForceSingleClient)
	assert.Equal(t, 7*time.Second, seen.Dialer.Timeout)
	assert.Equal(t, 7*time.Second, seen.ConnWriteTimeout)
	assert.Contains(t, server.Do(t, "CLIENT", "LIST"), "name=changed")

	for url, want := range map[string]time.Duration{server.URL() + "?timeout=7s": 3 * time.Second, server.URL(): 3 * time.Second} {
		openStore(t, url, redis.Options{Timeout: 3 * time.Second, Client: func(o *rueidis.ClientOption) { seen = *o }})
		assert.Equal(t, want, seen.Dialer.Timeout, "Options.Timeout comes before that of the URL")
	}
	openStore(t, server.URL(), redis.Options{Client: func(o *rueidis.ClientOption) { seen = *o }})
	assert.Equal(t, time.Second, seen.Dialer.Timeout)
	openStore(t, redistest.SharedSentinel(t).URL(), redis.Options{Client: func(o *rueidis.ClientOption) { seen = *o }})
	assert.Equal(t, 5*time.Second, seen.Sentinel.TopologyRefreshInterval)
	assert.Equal(t, time.Second, seen.Sentinel.Dialer.Timeout)
}

// TestCheck: New refuses what Redis cannot count, and so does every call.
func TestCheck(t *testing.T) {
	s := openStore(t, redistest.Shared(t).URL(), redis.Options{})
	for quota, fine := range map[string]bool{"5/s": true, "5/1ms": true, "5/999us": false, "5/1500ns": false, "1/60w": false, "5/s; 1/1000001ns": false} {
		cfg := throttled.Config{Quota: throttled.MustParseQuota(quota), Store: s}
		plan, err := cfg.Plan()
		require.NoError(t, err)
		_, err = s.Do(context.Background(), throttled.Request{Plan: plan, Key: "k", Op: throttled.OpPeek})
		if fine {
			require.NoError(t, s.Check(plan))
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, s.Check(plan), throttled.ErrInvalidQuota)
		require.ErrorIs(t, err, throttled.ErrInvalidQuota)
	}
}
