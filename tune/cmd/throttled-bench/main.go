// Command throttled-bench tells how to set a limiter, by replaying what it
// would be asked.
//
//	throttled-bench tune -quota 60/m -log access.log -html tune.html
//
// In a clone, "make throttled-bench" builds it into out/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer // what is being done, and a bar if it is a terminal
}

// commands are what the first argument may be. Each parses the rest by itself.
var commands = map[string]func(ctx context.Context, args []string, std streams) error{
	"load": loadCommand,
	"report": func(context.Context, []string, streams) error {
		return errors.New("report compares the library with others, and is run in a clone of it: go -C bench run ./cmd/report -quick")
	},
	"tune": tuneCommand,
}

// interrupted is the exit status of a shell command that SIGINT ended.
const interrupted = 130

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second Ctrl-C ends the program at once
	}()
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "throttled-bench: interrupted, so there is no report")
		os.Exit(interrupted)
	default:
		fmt.Fprintln(os.Stderr, "throttled-bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, std streams) error {
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](ctx, args[1:], std)
	}
	known := strings.Join(slices.Sorted(maps.Keys(commands)), ", ")
	return fmt.Errorf("say what to do first: %s (each tells its flags with -h)", known)
}

// parse parses the flags of a command. If help was asked for it writes usage and
// the flags instead, and reports so.
func parse(set *flag.FlagSet, args []string, usage string, help io.Writer) (helped bool, err error) {
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(help)
		_, err := io.WriteString(help, usage)
		set.PrintDefaults()
		return true, err
	case err != nil:
		return false, fmt.Errorf("%w; %s -h lists the flags", err, set.Name())
	}
	return false, nil
}
