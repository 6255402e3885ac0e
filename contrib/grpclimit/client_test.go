package grpclimit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/contrib/grpclimit"
)

func TestAClientWaitsForItsTurn(t *testing.T) {
	cfg := throttled.Config{Quota: throttled.PerSecond(10).WithBurst(1)}
	for name, waiter := range map[string]func(*testing.T) grpclimit.Waiter{
		"sync":  func(t *testing.T) grpclimit.Waiter { return newLimiter(t, cfg) },
		"async": func(t *testing.T) grpclimit.Waiter { return newAsync(t, cfg) },
	} {
		bubble(t, name, func(t *testing.T) {
			counted, client := serve(t, nil, pacedBy(t, waiter(t), grpclimit.ClientOptions{})...)
			start := time.Now()
			for range 11 {
				_, err := client.EmptyCall(t.Context(), empty)
				require.NoError(t, err)
			}
			assert.Equal(t, time.Second, time.Since(start))
			assert.EqualValues(t, 11, counted.calls.Load())
		})
	}
}

// A call whose turn comes too late is not sent, and told so at once.
func TestAClientWithoutTime(t *testing.T) {
	bubble(t, "is told at once", func(t *testing.T) {
		counted, client := serve(t, nil, pacedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)}), grpclimit.ClientOptions{})...)
		_, err := client.EmptyCall(t.Context(), empty)
		require.NoError(t, err)

		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = client.EmptyCall(ctx, empty)
		assert.Equal(t, codes.ResourceExhausted, status.Code(err))
		assert.ErrorIs(t, err, throttled.ErrLimited)
		denial, ok := errors.AsType[*throttled.LimitedError](err)
		require.True(t, ok)
		assert.Equal(t, "target:passthrough:///bufconn", denial.Key)
		retry, failure := details(t, err)
		assert.Equal(t, time.Minute, retry.GetRetryDelay().AsDuration())
		assert.Equal(t, "client", failure.GetViolations()[0].GetSubject())
		assert.Zero(t, time.Since(start))
		assert.EqualValues(t, 1, counted.calls.Load())
	})
}

// Who leaves gives the place up: nothing is charged.
func TestAClientThatLeaves(t *testing.T) {
	bubble(t, "gives its place up", func(t *testing.T) {
		limiter := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)})
		counted, client := serve(t, nil, pacedBy(t, limiter, grpclimit.ClientOptions{Key: grpclimit.Method})...)
		_, err := client.EmptyCall(t.Context(), empty)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = client.EmptyCall(ctx, empty)
		assert.Equal(t, codes.Canceled, status.Code(err))
		assert.ErrorIs(t, err, context.Canceled)
		state, err := limiter.Peek(t.Context(), "method:"+unary)
		require.NoError(t, err)
		assert.Equal(t, 59*time.Second, state.RetryAfter, "one call is charged and not two")
		assert.EqualValues(t, 1, counted.calls.Load())
	})
}

// turnedAway is a server whose first calls are denied with err.
func turnedAway(times int, err error) ([]grpc.ServerOption, *[]time.Time) {
	var asked []time.Time
	return []grpc.ServerOption{grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		asked = append(asked, time.Now())
		if len(asked) <= times {
			return nil, err
		}
		return handler(ctx, req)
	})}, &asked
}

// after is the error of a server that tells when to come back.
func after(code codes.Code, d time.Duration) error {
	return throttled.Must(status.New(code, "later").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(d)})).Err()
}

func TestRetries(t *testing.T) {
	const delay = 10 * time.Second
	for name, c := range map[string]struct {
		retries int
		times   int // the server denies
		err     error
		timeout time.Duration
		asked   int
		code    codes.Code
	}{
		"unasked":                       {0, 1, after(codes.ResourceExhausted, delay), time.Hour, 1, codes.ResourceExhausted},
		"asked":                         {3, 2, after(codes.ResourceExhausted, delay), time.Hour, 3, codes.OK},
		"the server is away":            {1, 1, after(codes.Unavailable, delay), time.Hour, 2, codes.OK},
		"in vain":                       {2, 9, after(codes.ResourceExhausted, delay), time.Hour, 3, codes.ResourceExhausted},
		"not told when":                 {2, 9, status.Error(codes.ResourceExhausted, "never"), time.Hour, 1, codes.ResourceExhausted},
		"another code":                  {2, 9, after(codes.Aborted, delay), time.Hour, 1, codes.Aborted},
		"after the deadline":            {2, 9, after(codes.ResourceExhausted, delay), delay, 1, codes.ResourceExhausted},
		"after 300 years":               {2, 9, after(codes.ResourceExhausted, 1<<63-1), time.Hour, 1, codes.ResourceExhausted},
		"what cannot be":                {2, 9, after(codes.ResourceExhausted, -delay), time.Hour, 3, codes.ResourceExhausted},
		"the second after the deadline": {2, 9, after(codes.ResourceExhausted, delay), 15 * time.Second, 2, codes.ResourceExhausted},
	} {
		bubble(t, name, func(t *testing.T) {
			server, asked := turnedAway(c.times, c.err)
			_, client := serve(t, server, pacedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerSecond(1000)}), grpclimit.ClientOptions{Retries: c.retries})...)
			ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
			defer cancel()
			_, err := client.EmptyCall(ctx, empty)
			assert.Equal(t, c.code, status.Code(err), "%v", err)
			require.Len(t, *asked, c.asked)
			for i, at := range (*asked)[1:] {
				told, _ := details(t, c.err)
				least := max(0, told.GetRetryDelay().AsDuration())
				assert.GreaterOrEqual(t, at.Sub((*asked)[i]), least, "never before it was told to")
				assert.LessOrEqual(t, at.Sub((*asked)[i]), least+least/10+time.Millisecond)
			}
		})
	}
}

// The client's own turn comes after the server's word.
func TestARetryIsPacedToo(t *testing.T) {
	bubble(t, "one a minute", func(t *testing.T) {
		server, asked := turnedAway(1, after(codes.ResourceExhausted, time.Second))
		_, client := serve(t, server, pacedBy(t, newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)}), grpclimit.ClientOptions{Retries: 1})...)
		_, err := client.EmptyCall(t.Context(), empty)
		require.NoError(t, err)
		assert.Equal(t, time.Minute, (*asked)[1].Sub((*asked)[0]))
	})
}

func TestStreamsOfAClient(t *testing.T) {
	bubble(t, "streams and messages wait", func(t *testing.T) {
		streams := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)})
		messages := newLimiter(t, throttled.Config{Quota: throttled.PerSecond(10).WithBurst(1)})
		counted, client := serve(t, nil, pacedBy(t, streams, grpclimit.ClientOptions{Messages: messages})...)
		start := time.Now()
		for range 2 {
			input, err := client.StreamingInputCall(t.Context())
			require.NoError(t, err)
			for range 11 {
				require.NoError(t, input.Send(&testpb.StreamingInputCallRequest{}))
			}
			_, err = input.CloseAndRecv()
			require.NoError(t, err)
		}
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
		assert.EqualValues(t, 22, counted.messages.Load())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.FullDuplexCall(ctx)
		assert.Equal(t, codes.ResourceExhausted, status.Code(err))
	})
}

// A message that cannot be sent in time ends its stream.
func TestAMessageTooLate(t *testing.T) {
	bubble(t, "ends the stream", func(t *testing.T) {
		messages := newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)})
		_, client := serve(t, nil, pacedBy(t, nil, grpclimit.ClientOptions{Messages: messages})...)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stream, err := client.FullDuplexCall(ctx)
		require.NoError(t, err)
		require.NoError(t, stream.Send(&testpb.StreamingOutputCallRequest{}))
		_, err = stream.Recv()
		require.NoError(t, err)
		err = stream.Send(&testpb.StreamingOutputCallRequest{})
		assert.ErrorIs(t, err, throttled.ErrLimited)
		_, err = stream.Recv()
		assert.Equal(t, codes.Canceled, status.Code(err))
	})
}

func TestMethodsOfAClient(t *testing.T) {
	bubble(t, "one is free", func(t *testing.T) {
		methods := map[string]grpclimit.Waiter{unary: nil, "/grpc.testing.TestService/*": newLimiter(t, throttled.Config{Quota: throttled.PerMinute(1)})}
		counted, client := serve(t, nil, pacedBy(t, nil, grpclimit.ClientOptions{Methods: methods})...)
		start := time.Now()
		for range 5 {
			_, err := client.EmptyCall(t.Context(), empty)
			require.NoError(t, err)
		}
		assert.Zero(t, time.Since(start))
		assert.EqualValues(t, 5, counted.calls.Load())
	})
}

func TestAClientWithoutADecision(t *testing.T) {
	buckets := newAway(t)
	buckets.err = throttled.ErrStoreUnavailable
	limiter := newLimiter(t, throttled.Config{Store: buckets})
	counted, client := serve(t, nil, pacedBy(t, limiter, grpclimit.ClientOptions{Retries: 5})...)
	_, err := client.EmptyCall(t.Context(), empty)
	assert.Equal(t, codes.Unavailable, status.Code(err))
	assert.ErrorIs(t, err, throttled.ErrStoreUnavailable)

	nobody := func(context.Context, string) (string, error) { return "", errors.New("who is it?") }
	counted2, client := serve(t, nil, pacedBy(t, limiter, grpclimit.ClientOptions{Key: nobody})...)
	_, err = client.EmptyCall(t.Context(), empty)
	assert.Equal(t, codes.InvalidArgument, status.Code(err))
	assert.Zero(t, counted.calls.Load()+counted2.calls.Load())
}

func TestClientsThatCannotBe(t *testing.T) {
	_, err := grpclimit.NewClient(nil, grpclimit.ClientOptions{Retries: -1, Methods: map[string]grpclimit.Waiter{"Method": nil}})
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	assert.ErrorContains(t, err, "Retries is -1")
	assert.ErrorContains(t, err, `Methods has "Method"`)
	_, err = grpclimit.NewClient(nil, grpclimit.ClientOptions{})
	assert.ErrorIs(t, err, throttled.ErrInvalidConfig)
	assert.ErrorContains(t, err, "there is no limiter")
}
