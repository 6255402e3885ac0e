package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// callLoad runs the command and returns what it writes.
func callLoad(args ...string) (out string, err error) {
	var o, p bytes.Buffer
	err = loadCommand(context.Background(), args, streams{strings.NewReader(""), &o, &p})
	return o.String() + p.String(), err
}

func TestLoad(t *testing.T) {
	page := filepath.Join(t.TempDir(), "load.html")
	out, err := callLoad("-store", "memory", "-rate", "500/s", "-for", "1s", "-quota", "1/h", "-quota", "2/h", "-callers", "1, 4", "-html", page)
	require.NoError(t, err)
	for _, want := range []string{"Store: memory, token_bucket\n", "\n  1/h          1  ", "\n  2/h          4  ", "live evictions", "The most answers a second, ", "wrote " + page} {
		require.Contains(t, out, want)
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(text), "<h1>What memory, token_bucket did with 500 in 1s for 1s")
	require.Equal(t, 2, strings.Count(string(text), `<svg role="img" aria-label="answers a second`))

	out, err = callLoad("-h")
	require.NoError(t, err)
	require.Contains(t, out, "Usage: throttled-bench load -store STORE")
}

func TestBadLoadFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-rate 5/s":                                     `-store is ""; it must be memory, actor or the URL of a Redis`,
		"-store memory":                                 "0 workloads are given",
		"-store memory -rate 5/s -callers 0":            `-callers has "0"; give numbers from 1 to 100000`,
		"-store memory -rate 5/s -callers 1,x":          `-callers has "x"`,
		"-store memory -rate 5/s -deny-cache -1":        `-deny-cache has "-1"`,
		"-store memory -rate 5/s -deny-cache 0,5":       "-deny-cache is for a Redis",
		"-store memory -rate 5/s -speed fast":           `-speed is "fast"; it must be max, or a number above 0`,
		"-store memory -rate 5/s -speed 0":              `-speed is "0"`,
		"-store memory -rate 5/s -prefix a:b":           `-prefix is "a:b"; it must be of letters`,
		"-store memory -rate 5/s -quota 5/fortnight":    `"5/fortnight"`,
		"-store memory -rate 5/s -algorithm leaky_raft": `"leaky_raft"`,
		"-store redis://127.0.0.1:1 -rate 5/s -for 1s":  "127.0.0.1:1",
		"-store memory -rate 5/s -max-size -1":          "MaxSize",
		"-store memory -rate 5/s more":                  `"more" is no flag`,
	} {
		_, err := callLoad(strings.Fields(args)...)
		require.ErrorContains(t, err, want, args)
	}
}
