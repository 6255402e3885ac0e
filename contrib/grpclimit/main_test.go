package grpclimit_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/grpclimit"
	"github.com/throttled-go/throttled/store"
	tsync "github.com/throttled-go/throttled/sync"
)

const (
	unary  = "/grpc.testing.TestService/EmptyCall"
	duplex = "/grpc.testing.TestService/FullDuplexCall"
)

// service counts what gets through.
type service struct {
	testpb.UnimplementedTestServiceServer

	calls, streams, messages atomic.Int64
}

func (s *service) EmptyCall(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	s.calls.Add(1)
	return &testpb.Empty{}, nil
}

// FullDuplexCall answers each message with one.
func (s *service) FullDuplexCall(stream testpb.TestService_FullDuplexCallServer) error {
	s.streams.Add(1)
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.messages.Add(1)
		if err := stream.Send(&testpb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
}

// StreamingInputCall takes whatever ends the stream for its end.
func (s *service) StreamingInputCall(stream testpb.TestService_StreamingInputCallServer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return stream.SendAndClose(&testpb.StreamingInputCallResponse{})
		}
		s.messages.Add(1)
	}
}

// serve starts a server and returns a client of it, until the test ends.
func serve(t *testing.T, server []grpc.ServerOption, client ...grpc.DialOption) (*service, testpb.TestServiceClient) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	srv, counted := grpc.NewServer(server...), &service{}
	testpb.RegisterTestServiceServer(srv, counted)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///bufconn", append(client,
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		srv.Stop()
		require.NoError(t, <-served)
	})
	return counted, testpb.NewTestServiceClient(conn)
}

// limitedBy returns the options of a server with both interceptors.
func limitedBy(t *testing.T, limiter grpclimit.Limiter, options grpclimit.ServerOptions) []grpc.ServerOption {
	t.Helper()
	if options.Key == nil {
		options.Key = grpclimit.Method // nobody has an address in bufconn
	}
	s, err := grpclimit.NewServer(limiter, options)
	require.NoError(t, err)
	return []grpc.ServerOption{grpc.UnaryInterceptor(s.Unary), grpc.StreamInterceptor(s.Stream)}
}

// pacedBy returns the options of a client with both interceptors.
func pacedBy(t *testing.T, limiter grpclimit.Waiter, options grpclimit.ClientOptions) []grpc.DialOption {
	t.Helper()
	c, err := grpclimit.NewClient(limiter, options)
	require.NoError(t, err)
	return []grpc.DialOption{grpc.WithUnaryInterceptor(c.Unary), grpc.WithStreamInterceptor(c.Stream)}
}

// newLimiter returns a limiter with a store of its own.
func newLimiter(t *testing.T, cfg throttled.Config) *tsync.Limiter {
	t.Helper()
	if cfg.Store == nil {
		cfg.Store = throttled.Must(store.NewMemory(store.Options{}))
		t.Cleanup(func() { cfg.Store.Close() })
	}
	l, err := tsync.New(cfg)
	require.NoError(t, err)
	return l
}

// newAsync is newLimiter for the face of channels.
func newAsync(t *testing.T, cfg throttled.Config) grpclimit.Blocking {
	t.Helper()
	cfg.Store = throttled.Must(store.NewActor(store.Options{}))
	t.Cleanup(func() { cfg.Store.Close() })
	l, err := async.New(cfg)
	require.NoError(t, err)
	return grpclimit.Async(l)
}

// away is a store that cannot be reached while its error is set.
type away struct {
	throttled.Store

	err error
}

func (a *away) Do(ctx context.Context, req throttled.Request) (throttled.Result, error) {
	if a.err != nil {
		return throttled.Result{}, a.err
	}
	return a.Store.Do(ctx, req)
}

func newAway(t *testing.T) *away {
	t.Helper()
	buckets := throttled.Must(store.NewMemory(store.Options{}))
	t.Cleanup(func() { buckets.Close() })
	return &away{Store: buckets}
}

// details returns what an error tells beside its code.
func details(t *testing.T, err error) (retry *errdetails.RetryInfo, quota *errdetails.QuotaFailure) {
	t.Helper()
	told, ok := status.FromError(err)
	require.True(t, ok, err)
	for _, detail := range told.Details() {
		switch detail := detail.(type) {
		case *errdetails.RetryInfo:
			retry = detail
		case *errdetails.QuotaFailure:
			quota = detail
		default:
			t.Errorf("another detail: %T", detail)
		}
	}
	return retry, quota
}

// bubble runs test as a subtest in the time of a bubble.
func bubble(t *testing.T, name string, test func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}
