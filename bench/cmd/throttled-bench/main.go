// Command throttled-bench measures this library on the machine that it runs on,
// and tells how to set it.
//
//	go -C bench run ./cmd/throttled-bench report -quick
//	go -C bench run ./cmd/throttled-bench tune -h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// commands are what the first argument may be. Each parses the rest by itself.
var commands = map[string]func(ctx context.Context, args []string) error{
	"report": reportCommand,
	"tune": func(_ context.Context, args []string) error {
		return tuneCommand(args, os.Stdin, os.Stdout, os.Stderr)
	},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "throttled-bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](ctx, args[1:])
	}
	known := strings.Join(slices.Sorted(maps.Keys(commands)), ", ")
	return fmt.Errorf("say what to do first: %s (each tells its flags with -h)", known)
}
