package grpclimit_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/throttled-go/throttled"
	"github.com/throttled-go/throttled/async"
	"github.com/throttled-go/throttled/contrib/grpclimit"
	"github.com/throttled-go/throttled/sync"
)

func ExampleNewServer() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(100)}))
	limited, err := grpclimit.NewServer(limiter, grpclimit.ServerOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(
		grpc.UnaryInterceptor(limited.Unary),
		grpc.StreamInterceptor(limited.Stream),
	)
	defer server.Stop()
	fmt.Println("calls by address, at", limiter.Quota())
	// Output: calls by address, at 100/s
}

// A method may have a limiter of its own, which needs a prefix of its own if it
// has the quota of another one.
func ExampleServerOptions() {
	reads := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(100)}))
	writes := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(5).And(throttled.PerHour(1000))}))
	limited := throttled.Must(grpclimit.NewServer(reads, grpclimit.ServerOptions{
		Name: "shop",
		Key:  grpclimit.Metadata("x-api-key"),
		Methods: map[string]grpclimit.Limiter{
			"/shop.Orders/Create":      writes,
			"/grpc.health.v1.Health/*": nil, // not limited
		},
	}))
	server := grpc.NewServer(grpc.UnaryInterceptor(limited.Unary), grpc.StreamInterceptor(limited.Stream))
	defer server.Stop()
	// Output:
}

// Each user has the quota for each method.
func ExampleJoin() {
	key := grpclimit.Join(grpclimit.Method, func(ctx context.Context, _ string) (string, error) {
		return "user:42", nil // what an interceptor before this one found out
	})
	fmt.Println(key(context.Background(), "/shop.Orders/Create"))
	// Output: method:/shop.Orders/Create|user:42 <nil>
}

func ExampleAsync() {
	limiter := throttled.Must(async.New(throttled.Config{Quota: throttled.PerSecond(100)}))
	limited := throttled.Must(grpclimit.NewServer(grpclimit.Async(limiter), grpclimit.ServerOptions{}))
	server := grpc.NewServer(grpc.UnaryInterceptor(limited.Unary))
	defer server.Stop()
	// Output:
}

func ExampleNewClient() {
	limiter := throttled.Must(sync.New(throttled.Config{Quota: throttled.PerSecond(50).WithBurst(1)}))
	paced, err := grpclimit.NewClient(limiter, grpclimit.ClientOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := grpc.NewClient("dns:///shop.example:443",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(paced.Unary),
		grpc.WithStreamInterceptor(paced.Stream),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println("calls wait for their turn, at", limiter.Quota())
	// Output: calls wait for their turn, at 50/s burst 1
}
