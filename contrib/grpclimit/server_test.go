package grpclimit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/grpclimit"
)

var empty = &testpb.Empty{}

// What a caller over the quota is told comes true to the nanosecond, by either
// face.
func TestACallOverTheQuota(t *testing.T) {
	quota := throttled.PerSecond(3).WithBurst(2).And(throttled.PerHour(1000))
	for name, limiter := range map[string]func(*testing.T) grpclimit.Limiter{
		"sync":  func(t *testing.T) grpclimit.Limiter { return newLimiter(t, throttled.Config{Quota: quota}) },
		"async": func(t *testing.T) grpclimit.Limiter { return newAsync(t, throttled.Config{Quota: quota}) },
	} {
		bubble(t, name, func(t *testing.T) {
			counted, client := serve(t, limitedBy(t, limiter(t), grpclimit.ServerOptions{Name: "api"}))
			for range 2 {
				_, err := client.EmptyCall(t.Context(), empty)
				require.NoError(t, err)
			}
			var trailer metadata.MD
			_, err := client.EmptyCall(t.Context(), empty, grpc.Trailer(&trailer))
			assert.Equal(t, codes.ResourceExhausted, status.Code(err))
			assert.Equal(t, `over the quota "api" of 3/s burst 2: retry after 333.333334ms`, status.Convert(err).Message())
			assert.Equal(t, []string{"334"}, trailer.Get("grpc-retry-pushback-ms"))
			retry, failure := details(t, err)
			require.Len(t, failure.GetViolations(), 1)
			assert.Equal(t, "api", failure.GetViolations()[0].GetSubject())
			assert.Equal(t, "3/s burst 2", failure.GetViolations()[0].GetDescription())
			assert.EqualValues(t, 2, counted.calls.Load())

			time.Sleep(retry.GetRetryDelay().AsDuration() - 1)
			_, err = client.EmptyCall(t.Context(), empty)
			assert.Equal(t, codes.ResourceExhausted, status.Code(err), "a nanosecond early")
			time.Sleep(time.Nanosecond)
			_, err = client.EmptyCall(t.Context(), empty)
			assert.NoError(t, err)
		})
	}
}

func TestACallThatCanNeverPass(t *testing.T) {
	cost := func(context.Context, string, any) int64 { return 11 }
	_, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10)}), grpclimit.ServerOptions{Cost: cost}))
	var trailer metadata.MD
	_, err := client.EmptyCall(t.Context(), empty, grpc.Trailer(&trailer))
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	assert.Equal(t, `over the quota "default" of 10/s: the call costs more than it ever allows`, status.Convert(err).Message())
	retry, failure := details(t, err)
	assert.Nil(t, retry)
	assert.Len(t, failure.GetViolations(), 1)
	assert.Equal(t, []string{"-1"}, trailer.Get("grpc-retry-pushback-ms"))
}

// A client whose service config retries comes back at the instant that it was
// told, in whole milliseconds.
func TestAClientWithARetryPolicy(t *testing.T) {
	const config = `{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "9s", "maxBackoff": "9s",
		"backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}`
	bubble(t, "comes back", func(t *testing.T) {
		counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerSecond(2).WithBurst(1)}), grpclimit.ServerOptions{}),
			grpc.WithDefaultServiceConfig(config))
		start := time.Now()
		for range 3 {
			_, err := client.EmptyCall(t.Context(), empty)
			require.NoError(t, err)
		}
		assert.Equal(t, time.Second, time.Since(start))
		assert.EqualValues(t, 3, counted.calls.Load())
	})
}

func TestACallWithoutADecision(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		err  error
		code codes.Code
		text string
	}{
		"the store is away":   {fmt.Errorf("%w: dial redis.internal", throttled.ErrStoreUnavailable), codes.Unavailable, "the rate limiter is not available"},
		"the store is closed": {throttled.ErrClosed, codes.Unavailable, "the rate limiter is not available"},
		"the store is full":   {throttled.ErrFull, codes.Unavailable, "the rate limiter is not available"},
		"the caller left":     {fmt.Errorf("throttled: %w", ended.Err()), codes.Canceled, "throttled: context canceled"},
		"it took too long":    {fmt.Errorf("throttled: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "throttled: context deadline exceeded"},
		"anything else":       {fmt.Errorf("%w: the key is empty", throttled.ErrInvalidKey), codes.Internal, "the rate limiter failed"},
	} {
		t.Run(name, func(t *testing.T) {
			buckets := newAway(t)
			buckets.err = c.err
			counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Store: buckets}),
				grpclimit.ServerOptions{Logger: slog.New(slog.DiscardHandler)}))
			_, err := client.EmptyCall(t.Context(), empty)
			assert.Equal(t, c.code, status.Code(err))
			assert.Equal(t, c.text, status.Convert(err).Message())
			assert.Empty(t, status.Convert(err).Details())
			assert.Zero(t, counted.calls.Load())
		})
	}
}

func TestAStoreThatIsAwayMayLetThrough(t *testing.T) {
	buckets := newAway(t)
	var log bytes.Buffer
	counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Store: buckets, Quota: throttled.PerHour(1)}), grpclimit.ServerOptions{
		OnFailure: grpclimit.Allow,
		Logger:    slog.New(slog.NewTextHandler(&log, nil)),
	}))
	call := func() codes.Code {
		_, err := client.EmptyCall(t.Context(), empty)
		return status.Code(err)
	}
	assert.Equal(t, codes.OK, call())
	buckets.err = throttled.ErrStoreUnavailable
	for range 3 {
		assert.Equal(t, codes.OK, call())
	}
	assert.EqualValues(t, 4, counted.calls.Load())
	buckets.err = throttled.ErrFull // is no reason to let new keys through
	assert.Equal(t, codes.Unavailable, call())
	buckets.err = nil
	for range 3 {
		assert.Equal(t, codes.ResourceExhausted, call())
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	require.Len(t, lines, 2, "one line as it goes and one as it comes back")
	assert.Contains(t, lines[0], `level=ERROR msg="the store of a rate limiter is away" quota=default let_through=true error="throttled: store unavailable"`)
	assert.Contains(t, lines[1], `level=INFO msg="the store of a rate limiter is back" quota=default`)
}

// Shadow decides, and nobody is told: also where there is no key or no store.
func TestShadow(t *testing.T) {
	var denied int
	count := func(next throttled.Handler) throttled.Handler {
		return func(ctx context.Context, call throttled.Call) (throttled.Result, error) {
			res, err := next(ctx, call)
			if err == nil && !res.Allowed {
				denied++
			}
			return res, err
		}
	}
	buckets := newAway(t)
	counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Store: buckets, Quota: throttled.PerHour(1), Hooks: []throttled.Hook{count}}),
		grpclimit.ServerOptions{Shadow: true, Key: grpclimit.Metadata("user"), Logger: slog.New(slog.DiscardHandler)}))
	named := metadata.AppendToOutgoingContext(t.Context(), "user", "42")
	for range 3 {
		_, err := client.EmptyCall(named, empty)
		require.NoError(t, err)
	}
	assert.Equal(t, 2, denied)
	_, err := client.EmptyCall(t.Context(), empty)
	require.NoError(t, err)
	buckets.err = throttled.ErrStoreUnavailable
	_, err = client.EmptyCall(named, empty)
	require.NoError(t, err)
	assert.EqualValues(t, 5, counted.calls.Load())
}

func TestMethodsWithLimitersOfTheirOwn(t *testing.T) {
	all := newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)})
	own := newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)})
	for name, c := range map[string]struct {
		methods map[string]grpclimit.Limiter
		want    int64
	}{
		"its own":                       {map[string]grpclimit.Limiter{unary: own, "/grpc.testing.TestService/*": all}, 2},
		"that of its service":           {map[string]grpclimit.Limiter{"/grpc.testing.TestService/*": own, duplex: all}, 2},
		"that of all":                   {map[string]grpclimit.Limiter{duplex: own, "/grpc.testing.Other/*": own}, 1},
		"none":                          {map[string]grpclimit.Limiter{unary: nil}, 5},
		"none for the rest of a server": {map[string]grpclimit.Limiter{"/grpc.testing.TestService/*": nil, duplex: own}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			key := func(context.Context, string) (string, error) { return name, nil }
			counted, client := serve(t, limitedBy(t, all, grpclimit.ServerOptions{Methods: c.methods, Key: key}))
			for range 5 {
				_, _ = client.EmptyCall(t.Context(), empty) // counted below
			}
			assert.Equal(t, c.want, counted.calls.Load())
		})
	}
}

func TestSkip(t *testing.T) {
	skip := func(_ context.Context, method string) bool { return method == unary }
	counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), grpclimit.ServerOptions{Skip: skip}))
	for range 3 {
		_, err := client.EmptyCall(t.Context(), empty)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 3, counted.calls.Load())
}

func TestAStreamCountsOnce(t *testing.T) {
	bubble(t, "and not its messages", func(t *testing.T) {
		counted, client := serve(t, limitedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerHour(1)}), grpclimit.ServerOptions{}))
		stream, err := client.FullDuplexCall(t.Context())
		require.NoError(t, err)
		for range 5 {
			require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
			_, err := stream.Recv()
			require.NoError(t, err)
		}
		require.NoError(t, stream.CloseSend())

		second, err := client.FullDuplexCall(t.Context())
		require.NoError(t, err)
		_, err = second.Recv()
		assert.Equal(t, codes.ResourceExhausted, status.Code(err))
		assert.Equal(t, []string{"3600000"}, second.Trailer().Get("grpc-retry-pushback-ms"))
		assert.EqualValues(t, 1, counted.streams.Load())
		assert.EqualValues(t, 5, counted.messages.Load())
	})
}

func TestMessagesOfAStream(t *testing.T) {
	messages := newLimiter(t, throttled.Config{Quota: throttled.PerHour(6)})
	counted, client := serve(t, limitedBy(t, nil, grpclimit.ServerOptions{Messages: messages, Key: grpclimit.Method}))
	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	for range 6 {
		require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
		_, err := stream.Recv()
		require.NoError(t, err)
	}
	require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = stream.Recv()
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	retry, _ := details(t, err)
	assert.NotNil(t, retry)
	assert.NotEmpty(t, stream.Trailer().Get("grpc-retry-pushback-ms"))
	assert.EqualValues(t, 6, counted.messages.Load())

	// A handler that takes the error for the end of the stream does not hide it.
	input, err := client.StreamingInputCall(t.Context())
	require.NoError(t, err)
	for range 7 {
		_ = input.Send(&testpb.StreamingInputCallRequest{}) // fails once the server has ended the stream
	}
	_, err = input.CloseAndRecv()
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	assert.EqualValues(t, 12, counted.messages.Load())
}

// With a Timeout a message waits for its turn.
func TestMessagesThatWait(t *testing.T) {
	bubble(t, "ten messages at ten a second", func(t *testing.T) {
		messages := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10).WithBurst(1), Timeout: time.Minute})
		counted, client := serve(t, limitedBy(t, nil, grpclimit.ServerOptions{Messages: messages}))
		start := time.Now()
		stream, err := client.StreamingInputCall(t.Context())
		require.NoError(t, err)
		for range 11 {
			require.NoError(t, stream.Send(&testpb.StreamingInputCallRequest{}))
		}
		_, err = stream.CloseAndRecv()
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
		assert.EqualValues(t, 11, counted.messages.Load())
	})
}

func TestTheCostIsOfTheMessage(t *testing.T) {
	type asked struct {
		method  string
		message string
	}
	var all []asked
	cost := func(_ context.Context, method string, message any) int64 {
		all = append(all, asked{method, fmt.Sprintf("%T", message)})
		return 2
	}
	limiter := newLimiter(t, throttled.Config{Quota: throttled.PerHour(6)})
	shared := func(context.Context, string) (string, error) { return "all", nil }
	_, client := serve(t, limitedBy(t, limiter, grpclimit.ServerOptions{Cost: cost, Messages: limiter, Key: shared}))
	_, err := client.EmptyCall(t.Context(), empty)
	require.NoError(t, err)
	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = stream.Recv()
	require.NoError(t, err)
	state, err := limiter.Peek(t.Context(), "all")
	require.NoError(t, err)
	assert.Zero(t, state.Remaining)
	assert.Equal(t, []asked{
		{unary, "*grpc_testing.Empty"},
		{duplex, "<nil>"},
		{duplex, "*grpc_testing.StreamingOutputCallRequest"},
	}, all)
}

func TestServersThatCannotBe(t *testing.T) {
	limiter := newLimiter(t, throttled.Config{})
	for name, c := range map[string]struct {
		limiter grpclimit.Limiter
		methods map[string]grpclimit.Limiter
		says    string
	}{
		"no limiter":       {nil, nil, "there is no limiter"},
		"an empty name":    {limiter, map[string]grpclimit.Limiter{"": limiter}, `Methods has ""`},
		"no slash before":  {limiter, map[string]grpclimit.Limiter{"pkg.Service/Method": limiter}, `Methods has "pkg.Service/Method"`},
		"no method":        {limiter, map[string]grpclimit.Limiter{"/pkg.Service/": limiter}, `Methods has "/pkg.Service/"`},
		"only a service":   {limiter, map[string]grpclimit.Limiter{"/pkg.Service": limiter}, "/package.Service/* for all of a service"},
		"too many slashes": {limiter, map[string]grpclimit.Limiter{"/a/b/c": limiter}, `Methods has "/a/b/c"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := grpclimit.NewServer(c.limiter, grpclimit.ServerOptions{Methods: c.methods})
			assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestAnotherOnFailure(t *testing.T) {
	_, err := grpclimit.NewServer(newLimiter(t, throttled.Config{}), grpclimit.ServerOptions{OnFailure: 2})
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	assert.ErrorContains(t, err, "OnFailure is 2; it must be Deny or Allow")
}

// A Server is a Limiter of go-grpc-middleware as it is.
func TestGoGRPCMiddleware(t *testing.T) {
	s, err := grpclimit.NewServer(newLimiter(t, throttled.Config{Quota: throttled.PerHour(2)}), grpclimit.ServerOptions{Key: grpclimit.Method})
	require.NoError(t, err)
	counted, client := serve(t, []grpc.ServerOption{
		grpc.UnaryInterceptor(ratelimit.UnaryServerInterceptor(s)),
		grpc.StreamInterceptor(ratelimit.StreamServerInterceptor(s)),
	})
	for range 2 {
		_, err := client.EmptyCall(t.Context(), empty)
		require.NoError(t, err)
	}
	var trailer metadata.MD
	_, err = client.EmptyCall(t.Context(), empty, grpc.Trailer(&trailer))
	assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	assert.NotEmpty(t, trailer.Get("grpc-retry-pushback-ms"))
	assert.EqualValues(t, 2, counted.calls.Load())
	stream, err := client.FullDuplexCall(t.Context())
	require.NoError(t, err)
	require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
	_, err = stream.Recv()
	assert.NoError(t, err, "another method, another key")
}
