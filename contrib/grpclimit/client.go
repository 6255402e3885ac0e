package grpclimit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"

	"github.com/throttled-go/throttled"
)

// ClientOptions are the settings of a [Client]. The zero value is a good one.
type ClientOptions struct {
	// Name is what the quota is called where an error tells of it. "" means
	// "client".
	Name string

	// Key tells what calls are counted together; nil: all that go to one target.
	Key KeyFunc

	// Cost is what a call costs, 0 or more; nil: 1. message is the request of a
	// unary call, nil as a stream begins, and then, with Messages, each message
	// that is sent.
	Cost func(ctx context.Context, method string, message any) int64

	// Methods has the limiters of methods that have their own, by their full
	// names, "/package.Service/Method", or "/package.Service/*" for all of a
	// service. The more exact name counts; a nil limiter lets all through.
	Methods map[string]Waiter

	// Messages paces the messages that a stream sends; nil: only the beginning
	// of a stream waits for its turn.
	Messages Waiter

	// Retries is how many times a unary call is sent again that the server
	// turned away with ResourceExhausted or Unavailable and a RetryInfo. It
	// waits as long as that says and up to a tenth more, so that not all come
	// back together, and then for its turn; where that would be after the
	// deadline, the error is returned at once. 0: a call is never sent twice.
	Retries int
}

// Client paces the calls of a gRPC client, so that they stay within a quota:
// [Client.Unary] and [Client.Stream] are its interceptors. A call waits until
// its turn comes, first come, first served. If that cannot be before its
// deadline it gets ResourceExhausted at once and is not sent; the error is then a
// [*throttled.LimitedError] too. It is safe for concurrent use.
type Client struct {
	options ClientOptions
	methods methods[Waiter]
}

// NewClient returns a [Client] whose methods share limiter, but for those that
// options.Methods has; without any of both nothing would be paced, which is
// [throttled.ErrInvalidConfig], as are a name of a method that can be none and
// negative Retries.
func NewClient(limiter Waiter, options ClientOptions) (*Client, error) {
	byMethod, faults := newMethods(limiter, options.Methods)
	if limiter == nil && len(options.Methods) == 0 && options.Messages == nil {
		faults = append(faults, fmt.Errorf("%w: there is no limiter; give one, or some in Methods or Messages", throttled.ErrInvalidConfig))
	}
	if options.Retries < 0 {
		faults = append(faults, fmt.Errorf("%w: Retries is %d; it must be 0 or more", throttled.ErrInvalidConfig, options.Retries))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if options.Name == "" {
		options.Name = "client"
	}
	if options.Cost == nil {
		options.Cost = func(context.Context, string, any) int64 { return 1 }
	}
	return &Client{options: options, methods: byMethod}, nil
}

// Unary is the interceptor of unary calls; see [grpc.WithUnaryInterceptor].
func (c *Client) Unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	for retries := c.options.Retries; ; retries-- {
		if err := c.wait(ctx, c.methods.of(method), cc, method, req); err != nil {
			return err
		}
		err := invoker(ctx, method, req, reply, cc, opts...)
		if err == nil || retries <= 0 {
			return err
		}
		after, told := retryDelay(err)
		if !told || sleep(ctx, after+rand.N(after/10+time.Millisecond)) != nil {
			return err
		}
	}
}

// Stream is the interceptor of streams; see [grpc.WithStreamInterceptor].
func (c *Client) Stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := c.wait(ctx, c.methods.of(method), cc, method, nil); err != nil {
		return nil, err
	}
	if c.options.Messages == nil {
		return streamer(ctx, desc, cc, method, opts...)
	}
	ctx, abort := context.WithCancel(ctx)
	stream, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil {
		abort()
		return nil, err
	}
	return &pacedStream{ClientStream: stream, client: c, target: cc, method: method, abort: abort, one: !desc.ServerStreams}, nil
}

// wait returns when the turn of a call has come.
func (c *Client) wait(ctx context.Context, limiter Waiter, cc *grpc.ClientConn, method string, message any) error {
	if limiter == nil {
		return nil
	}
	key, err := "target:"+cc.CanonicalTarget(), error(nil)
	if c.options.Key != nil {
		key, err = c.options.Key(ctx, method)
	}
	if err != nil {
		return keyless(err)
	}
	_, err = limiter.WaitN(ctx, key, c.options.Cost(ctx, method, message))
	if denial, ok := errors.AsType[*throttled.LimitedError](err); ok {
		var quota throttled.Quota
		if known, ok := limiter.(Limiter); ok {
			quota = known.Quota()
		}
		return limited(c.options.Name, quota, denial)
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// pacedStream waits before every message that is sent.
type pacedStream struct {
	grpc.ClientStream

	client *Client
	target *grpc.ClientConn
	method string
	abort  context.CancelFunc
	one    bool // the server answers with one message, so the first ends the stream
}

// SendMsg sends message when its turn has come. If that cannot be, the stream is
// aborted, as it is by every other error of SendMsg.
func (p *pacedStream) SendMsg(message any) error {
	if err := p.client.wait(p.Context(), p.client.options.Messages, p.target, p.method, message); err != nil {
		p.abort()
		return err
	}
	return p.ClientStream.SendMsg(message)
}

// RecvMsg receives a message.
func (p *pacedStream) RecvMsg(message any) error {
	err := p.ClientStream.RecvMsg(message)
	if err != nil || p.one {
		p.abort() // the stream has ended, and its context with it
	}
	return err
}
