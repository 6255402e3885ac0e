// Package grpclimit holds gRPC calls to a quota: the calls that a server takes,
// and those that a client sends.
//
//	limited, err := grpclimit.NewServer(limiter, grpclimit.ServerOptions{})
//	...
//	server := grpc.NewServer(
//		grpc.UnaryInterceptor(limited.Unary),
//		grpc.StreamInterceptor(limited.Stream),
//	)
//
// A call over the quota gets the code ResourceExhausted, with a RetryInfo that
// has the exact RetryAfter (none if it can never be allowed) and a QuotaFailure
// that names the rate that binds. Where there is no decision because the store
// is away, the code is Unavailable: nobody is told to be over a quota who is
// not.
//
// The trailer grpc-retry-pushback-ms of gRFC A6 says the same, so a client whose
// service config retries ResourceExhausted comes back when it makes sense, and
// not at all where it never does.
package grpclimit
