package grpclimit_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/grpclimit"
)

func TestPeer(t *testing.T) {
	wide, err := grpclimit.PeerPrefix(48)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key  grpclimit.KeyFunc
		addr net.Addr
		want string
	}{
		"IPv4":           {grpclimit.Peer, tcp("192.0.2.1:50000"), "ip:192.0.2.1"},
		"IPv4 in IPv6":   {grpclimit.Peer, tcp("[::ffff:192.0.2.1]:50000"), "ip:192.0.2.1"},
		"IPv6":           {grpclimit.Peer, tcp("[2001:db8:1:2:3:4:5:6]:50000"), "ip:2001:db8:1:2::/64"},
		"IPv6, a zone":   {grpclimit.Peer, tcp("[fe80::1%eth0]:50000"), "ip:fe80::/64"},
		"IPv6, 48 bits":  {wide, tcp("[2001:db8:1:2:3:4:5:6]:50000"), "ip:2001:db8:1::/48"},
		"IPv4, 48 bits":  {wide, tcp("192.0.2.1:50000"), "ip:192.0.2.1"},
		"another TCP":    {grpclimit.Peer, text("192.0.2.1:50000"), "ip:192.0.2.1"},
		"a Unix socket":  {grpclimit.Peer, text("@"), ""},
		"a host by name": {grpclimit.Peer, text("localhost:50000"), ""},
		"no address":     {grpclimit.Peer, nil, ""},
		"a nil address":  {grpclimit.Peer, &net.TCPAddr{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.key(peer.NewContext(t.Context(), &peer.Peer{Addr: c.addr}), unary)
			assert.Equal(t, c.want, got)
			if c.want == "" {
				assert.Equal(t, codes.Internal, status.Code(err))
			} else {
				assert.NoError(t, err)
			}
		})
	}
	_, err = grpclimit.Peer(t.Context(), unary)
	assert.Equal(t, codes.Internal, status.Code(err))
}

func tcp(addr string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)) }

// text is an address of another kind.
type text string

func (text) Network() string  { return "text" }
func (a text) String() string { return string(a) }

func TestPeerPrefixesThatCannotBe(t *testing.T) {
	for _, bits := range []int{-1, 0, 129} {
		_, err := grpclimit.PeerPrefix(bits)
		assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
		assert.ErrorContains(t, err, "it must be from 1 to 128")
	}
}

func TestMetadata(t *testing.T) {
	long := strings.Repeat("k", 1<<20)
	for name, c := range map[string]struct {
		sent []string // names and values
		want string
	}{
		"one":           {[]string{"x-api-key", "secret"}, "x-api-key:secret"},
		"in any case":   {[]string{"X-API-Key", "secret"}, "x-api-key:secret"},
		"64 bytes":      {[]string{"x-api-key", long[:64]}, "x-api-key:" + long[:64]},
		"65 bytes":      {[]string{"x-api-key", long[:65]}, "x-api-key:sha256:f39cdc2584758c99cf81c1f41d2572f54e17066afffc9d187aeafe5f7cbe2122"},
		"a mebibyte":    {[]string{"x-api-key", long}, "x-api-key:sha256:17b08269fd437b655d318c05c440dbab79afec7f92c056472a59a8d7208ce389"},
		"a hash itself": {[]string{"x-api-key", "sha256:f39cdc2584758c99cf81c1f41d2572f54e17066afffc9d187aeafe5f7cbe2122"}, "x-api-key:sha256:d6ed031d8dd4d9142e2f4c7c5c92c2a9aa9455a94d4092f4be746b6f552e41f4"},
		"none":          {nil, ""},
		"an empty one":  {[]string{"x-api-key", ""}, ""},
		"several":       {[]string{"x-api-key", "a", "x-api-key", "b"}, ""},
		"another's one": {[]string{"authorization", "secret"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(c.sent...))
			got, err := grpclimit.Metadata("X-Api-Key")(ctx, unary)
			if c.want == "" {
				assert.Equal(t, codes.InvalidArgument, status.Code(err))
				assert.Empty(t, got)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// No part can be written so that it reads as two.
func TestJoinedKeysDoNotCollide(t *testing.T) {
	parts := []string{"a", "a|b", "b", "|", "", "%7C", "a%7Cb", "%", "%25"}
	constant := func(text string) grpclimit.KeyFunc {
		return func(context.Context, string) (string, error) { return text, nil }
	}
	seen := map[string][2]string{}
	for _, first := range parts {
		for _, second := range parts {
			key, err := grpclimit.Join(constant(first), constant(second))(t.Context(), unary)
			require.NoError(t, err)
			if other, ok := seen[key]; ok {
				t.Errorf("%q and %q have the key %q of %q", first, second, key, other)
			}
			seen[key] = [2]string{first, second}
		}
	}
	key, err := grpclimit.Join(grpclimit.Method, constant("ip:192.0.2.1"))(t.Context(), unary)
	require.NoError(t, err)
	assert.Equal(t, "method:"+unary+"|ip:192.0.2.1", key)

	nobody := func(context.Context, string) (string, error) { return "", errors.New("who is it?") }
	_, err = grpclimit.Join(constant("a"), nobody)(t.Context(), unary)
	assert.EqualError(t, err, "who is it?")
}

// Every user has a quota, and a call without a user does not pass.
func TestCallersAreCountedByTheirKeys(t *testing.T) {
	counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)}), grpclimit.ServerOptions{Key: grpclimit.Metadata("user")}))
	for _, user := range []string{"1", "2"} {
		for i := range 3 {
			_, err := client.EmptyCall(metadata.AppendToOutgoingContext(t.Context(), "User", user), empty)
			assert.Equal(t, i == 2, status.Code(err) == codes.ResourceExhausted)
		}
	}
	_, err := client.EmptyCall(t.Context(), empty)
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
	assert.EqualValues(t, 4, counted.calls.Load())
}

// The default key is the address, which a call in bufconn does not have and one
// over TCP has.
func TestTheAddressIsTheDefaultKey(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)})
	s, err := grpclimit.NewServer(limiter, grpclimit.ServerOptions{})
	require.NoError(t, err)
	_, client := serve(t, []grpc.ServerOption{grpc.UnaryInterceptor(s.Unary)})
	_, err = client.EmptyCall(t.Context(), empty)
	assert.Equal(t, codes.Internal, status.Code(err))

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := grpc.NewServer(grpc.UnaryInterceptor(s.Unary))
	testpb.RegisterTestServiceServer(srv, &service{})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///"+listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	_, err = testpb.NewTestServiceClient(conn).EmptyCall(t.Context(), empty)
	require.NoError(t, err)
	state, err := limiter.Peek(t.Context(), "ip:127.0.0.1")
	require.NoError(t, err)
	assert.EqualValues(t, 1, state.Remaining)
	require.NoError(t, conn.Close())
	srv.Stop()
	require.NoError(t, <-served)
}
