package grpclimit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/throttled-go/throttled"
)

// KeyFunc returns the key that a call is counted by. method is the full name,
// "/package.Service/Method". An error ends the call: with its code if it is
// that of a gRPC status, else with InvalidArgument. [Peer] and [Metadata] are of
// the calls that a server takes.
type KeyFunc func(ctx context.Context, method string) (string, error)

// DefaultIPv6Prefix is how many bits of an IPv6 address [Peer] looks at: what
// one customer usually is given whole.
const DefaultIPv6Prefix = 64

// MaxValue is the longest value, in bytes, that stands in a key as it came. In
// place of a longer one stands "sha256:" and its hash in 64 hexadecimal digits,
// which is longer than any that is not, so nobody can ask for that of somebody
// else.
const MaxValue = 64

// Peer is the [KeyFunc] of the address that the call comes from: an IPv4
// address whole, an IPv6 address by its first 64 bits, an IPv4 address in
// IPv6 as IPv4, without zone and port. Behind a proxy it is that of the proxy:
// take a key from the metadata that the proxy sets then.
//
// A peer that has no IP address, as on a Unix socket, gets Internal: it cannot
// be told from others of its kind.
func Peer(ctx context.Context, _ string) (string, error) { return peerKey(ctx, DefaultIPv6Prefix) }

// PeerPrefix is [Peer] with another number of bits of an IPv6 address, from 1
// to 128; any other is [throttled.ErrInvalidConfig].
func PeerPrefix(bits int) (KeyFunc, error) {
	if bits < 1 || bits > 128 {
		return nil, fmt.Errorf("%w: an IPv6 prefix of %d bits; it must be from 1 to 128", throttled.ErrInvalidConfig, bits)
	}
	return func(ctx context.Context, _ string) (string, error) { return peerKey(ctx, bits) }, nil
}

// peerKey requires 1 ≤ bits ≤ 128.
func peerKey(ctx context.Context, bits int) (string, error) {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return "", status.Error(codes.Internal, "the call has no peer")
	}
	var addr netip.Addr
	if tcp, ok := p.Addr.(*net.TCPAddr); ok {
		addr = tcp.AddrPort().Addr()
	} else if parsed, err := netip.ParseAddrPort(p.Addr.String()); err == nil {
		addr = parsed.Addr()
	}
	if !addr.IsValid() {
		return "", status.Errorf(codes.Internal, "the peer is at %q, which is no IP address", p.Addr)
	}
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		return "ip:" + addr.String(), nil
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return "", err
	}
	return "ip:" + prefix.String(), nil
}

// Metadata returns the [KeyFunc] of the metadata of that name, in any letter
// case: an API key, or what a trusted proxy sets. Whoever may call can set it,
// so check it before or have a proxy overwrite it. A call that has none, an
// empty one or several gets InvalidArgument.
func Metadata(name string) KeyFunc {
	name = strings.ToLower(name)
	return func(ctx context.Context, _ string) (string, error) {
		values := metadata.ValueFromIncomingContext(ctx, name)
		if len(values) != 1 || values[0] == "" {
			return "", status.Errorf(codes.InvalidArgument, "the call has %d values of metadata %q; it must have one that is not empty", len(values), name)
		}
		return name + ":" + bounded(values[0]), nil
	}
}

// Method is the [KeyFunc] of the full name of the method: all callers of one
// share a key.
func Method(_ context.Context, method string) (string, error) { return "method:" + method, nil }

// Join returns the [KeyFunc] of several at once, such as [Method] and [Peer]:
// two keys are equal only if all their parts are.
func Join(keys ...KeyFunc) KeyFunc {
	return func(ctx context.Context, method string) (string, error) {
		parts := make([]string, len(keys))
		for i, key := range keys {
			part, err := key(ctx, method)
			if err != nil {
				return "", err
			}
			parts[i] = separator.Replace(part)
		}
		return strings.Join(parts, "|"), nil
	}
}

// separator keeps the "|" between parts apart from one in a part.
var separator = strings.NewReplacer("%", "%25", "|", "%7C")

// bounded returns value, or its hash if it is longer than MaxValue.
func bounded(value string) string {
	if len(value) <= MaxValue {
		return value
	}
	sum := sha256.Sum256([]byte(value))
	return "sha256:" + hex.EncodeToString(sum[:])
}
