// Throttled-bench measures limiters, and tells how to set one.
//
//	throttled-bench tune -h
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// commands are given the arguments after their name.
var commands = map[string]func(args []string, in io.Reader, out, progress io.Writer) error{
	"tune": tuneCommand,
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "throttled-bench:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out, progress io.Writer) error {
	known := strings.Join(slices.Sorted(maps.Keys(commands)), ", ")
	if len(args) == 0 {
		return fmt.Errorf("no command; give one of: %s", known)
	}
	command, ok := commands[args[0]]
	if !ok {
		return fmt.Errorf("unknown command %q; give one of: %s", args[0], known)
	}
	return command(args[1:], in, out, progress)
}
