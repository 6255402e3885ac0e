package grpclimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/throttled-go/throttled"
)

// ServerOptions are the settings of a [Server]. The zero value is a good one.
type ServerOptions struct {
	// Name is what the quota is called where a caller is told of it: the
	// subject of the QuotaFailure. "" means "default". It is never a key.
	Name string

	// Key tells whose call it is; nil means [Peer].
	Key KeyFunc

	// Cost is what a call costs, 0 or more; nil: 1. message is the request of a
	// unary call, nil as a stream begins, and then, with Messages, each message
	// that was received.
	Cost func(ctx context.Context, method string, message any) int64

	// Methods has the limiters of methods that have their own, by their full
	// names, "/package.Service/Method", or "/package.Service/*" for all of a
	// service. The more exact name counts; a nil limiter lets all through.
	// Limiters of one store, one quota and one prefix share their buckets: give
	// each a Config.Prefix to keep them apart.
	Methods map[string]Limiter

	// Messages decides for every message that a stream receives, beside the
	// limiter that decides whether it may begin. nil: messages are free. A
	// denial ends the stream; with a Config.Timeout of the limiter a message
	// waits for its turn instead, and the flow control of HTTP/2 slows down
	// whoever sends.
	Messages Limiter

	// Skip reports that a call is not limited, as health checks may be; nil:
	// none is skipped.
	Skip func(ctx context.Context, method string) bool

	// Shadow lets everything through: the limiter decides, its hooks see it,
	// and no caller is told. For trying out a quota.
	Shadow bool

	// OnFailure says what becomes of a call while the store is away. The zero
	// value is Deny.
	OnFailure Failure

	// Logger is told once that the store is away, and once that it is back; nil
	// means slog.Default().
	Logger *slog.Logger
}

// Failure says what becomes of a call while the store of the limiter is away:
// unreachable, or closed. A store that is full is there, and has no place for
// one more key: such a call gets Unavailable either way.
type Failure uint8

const (
	// Deny answers Unavailable.
	Deny Failure = iota

	// Allow lets the call through, uncounted.
	Allow
)

// Server holds the calls that a gRPC server takes to a quota: [Server.Unary] and
// [Server.Stream] are its interceptors. It is safe for concurrent use.
type Server struct {
	options ServerOptions
	methods methods[Limiter]
	down    atomic.Bool // the store was away when it was last asked
}

// NewServer returns a [Server] whose methods share limiter, but for those that
// options.Methods has; without any of both nothing would be limited, which is
// [throttled.ErrInvalidConfig], as are a name of a method that can be none and
// another OnFailure than the two.
func NewServer(limiter Limiter, options ServerOptions) (*Server, error) {
	byMethod, faults := newMethods(limiter, options.Methods)
	if limiter == nil && len(options.Methods) == 0 && options.Messages == nil {
		faults = append(faults, fmt.Errorf("%w: there is no limiter; give one, or some in Methods or Messages", throttled.ErrInvalidConfig))
	}
	if options.OnFailure > Allow {
		faults = append(faults, fmt.Errorf("%w: OnFailure is %d; it must be Deny or Allow", throttled.ErrInvalidConfig, options.OnFailure))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if options.Name == "" {
		options.Name = "default"
	}
	if options.Key == nil {
		options.Key = Peer
	}
	if options.Cost == nil {
		options.Cost = func(context.Context, string, any) int64 { return 1 }
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	return &Server{options: options, methods: byMethod}, nil
}

// Unary is the interceptor of unary calls; see [grpc.UnaryInterceptor].
func (s *Server) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	denial, err := s.decide(ctx, s.methods.of(info.FullMethod), info.FullMethod, req)
	if err != nil {
		_ = grpc.SetTrailer(ctx, denial) // without a transport, as in a test, there is nobody to tell
		return nil, err
	}
	return handler(ctx, req)
}

// Stream is the interceptor of streams; see [grpc.StreamInterceptor].
func (s *Server) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	denial, err := s.decide(stream.Context(), s.methods.of(info.FullMethod), info.FullMethod, nil)
	if err != nil {
		stream.SetTrailer(denial)
		return err
	}
	if s.options.Messages == nil {
		return handler(srv, stream)
	}
	counted := &countedStream{ServerStream: stream, server: s, method: info.FullMethod}
	if err := handler(srv, counted); err != nil {
		return err
	}
	return counted.refusal() // also where the handler took it for the end of the stream
}

// Limit decides for the call that ctx is of, and returns nil or the error to
// answer with. It is for interceptors of other people: a Server is a Limiter of
// go-grpc-middleware as it is. That tells every error to the caller as
// ResourceExhausted, without details, so prefer [Server.Unary] and
// [Server.Stream].
func (s *Server) Limit(ctx context.Context) error {
	method, _ := grpc.Method(ctx)
	denial, err := s.decide(ctx, s.methods.of(method), method, nil)
	if err != nil {
		_ = grpc.SetTrailer(ctx, denial) // without a transport, as in a test, there is nobody to tell
	}
	return err
}

// decide returns nil if the call may go on, else what to answer, with the
// trailer.
func (s *Server) decide(ctx context.Context, limiter Limiter, method string, message any) (metadata.MD, error) {
	if limiter == nil || s.options.Skip != nil && s.options.Skip(ctx, method) {
		return nil, nil
	}
	denial, err := s.ask(ctx, limiter, method, message)
	if s.options.Shadow {
		return nil, nil
	}
	return denial, err
}

// ask is decide without regard to Skip and Shadow.
func (s *Server) ask(ctx context.Context, limiter Limiter, method string, message any) (metadata.MD, error) {
	key, err := s.options.Key(ctx, method)
	if err != nil {
		return nil, keyless(err)
	}
	res, err := limiter.LimitN(ctx, key, s.options.Cost(ctx, method, message))
	s.watch(ctx, err)
	switch {
	case s.options.OnFailure == Allow && away(err):
		return nil, nil
	case err != nil:
		return nil, failed(err)
	case res.Allowed:
		return nil, nil
	default:
		return pushback(res), limited(s.options.Name, limiter.Quota(), &throttled.LimitedError{Key: key, Result: res})
	}
}

// watch logs that the store went away or came back.
func (s *Server) watch(ctx context.Context, err error) {
	switch {
	case err != nil && !away(err): // says nothing of the store
	case err != nil:
		if s.down.CompareAndSwap(false, true) {
			s.options.Logger.ErrorContext(ctx, "the store of a rate limiter is away", "quota", s.options.Name, "let_through", s.options.OnFailure == Allow || s.options.Shadow, "error", err)
		}
	case s.down.Load() && s.down.CompareAndSwap(true, false):
		s.options.Logger.InfoContext(ctx, "the store of a rate limiter is back", "quota", s.options.Name)
	}
}

// countedStream asks for every message that is received.
type countedStream struct {
	grpc.ServerStream

	server *Server
	method string

	// refused is the first refusal: what was refused is lost, so the stream has
	// ended with it. A goroutine that receives may outlive the handler.
	refused atomic.Pointer[error]
}

// refusal returns the error that the stream has ended with, or nil.
func (c *countedStream) refusal() error {
	if refused := c.refused.Load(); refused != nil {
		return *refused
	}
	return nil
}

// RecvMsg receives a message and returns an error if the quota refuses it.
func (c *countedStream) RecvMsg(message any) error {
	if err := c.refusal(); err != nil {
		return err
	}
	if err := c.ServerStream.RecvMsg(message); err != nil {
		return err
	}
	denial, err := c.server.decide(c.Context(), c.server.options.Messages, c.method, message)
	if err != nil {
		c.SetTrailer(denial)
		c.refused.Store(&err)
	}
	return err
}
