// Withredis starts a Redis, runs a command with -url and the URL of that Redis
// appended to its arguments, stops the Redis, and exits as the command did:
//
//	go run ./internal/redistest/withredis server|sentinel|cluster command [argument…]
//
// The program is for examples, which start no server themselves.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/throttled-go/throttled/internal/redistest"
)

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() > 0 {
		os.Exit(ended.ExitCode()) // the command has said why
	}
	fmt.Fprintln(os.Stderr, "withredis:", err)
	os.Exit(1)
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: withredis server|sentinel|cluster command [argument…]")
	}
	// A signal ends the command; the servers are stopped after it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return redistest.With(args[0], func(url string) error {
		cmd := exec.CommandContext(ctx, args[1], append(args[2:], "-url", url)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 5 * time.Second
		return cmd.Run()
	})
}
