package e2e_test

import (
	"bufio"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var shots = flag.String("shots", "", "a directory for pictures of the page")

// start builds and runs an example that serves n pages, and returns their
// addresses. It is stopped, as by ^C, when the test ends.
func start(t *testing.T, dir string, n int, args ...string) []string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "example")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", dir)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		assert.True(t, cmd.ProcessState.Success(), "%s ends well when it is interrupted: %v %s", dir, cmd.ProcessState, said.String())
	})
	var urls []string
	for lines := bufio.NewScanner(stdout); len(urls) < n && lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "open "); ok {
			urls = append(urls, url)
		}
	}
	require.Len(t, urls, n, "the program says where it serves")
	return urls
}

// browser returns the context of a tab of a headless Chromium. A word of the page
// on its console fails the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	require.NoError(t, chromedp.Do(ctx)) // starts it, and without a timeout, which it would end with
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventConsoleAPICalled:
			t.Errorf("the page says on its console: %s", event.Args[0].Value)
		case *runtime.EventExceptionThrown:
			t.Errorf("the page throws: %+v", event.ExceptionDetails)
		}
	}))
	return ctx
}

// nothing is what an action returns that only acts.
type nothing = chromedp.Action[chromedp.Void]

// do acts in the tab.
func do(t *testing.T, ctx context.Context, actions ...nothing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// get returns what an action finds out.
func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	found, err := chromedp.Run(ctx, action)
	require.NoError(t, err)
	return found
}

// await waits until an expression is true in the page.
func await(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression))
	require.NoError(t, err, expression)
}

// card selects a part of the card of an algorithm.
func card(algorithm, part string) chromedp.CSS {
	return chromedp.CSS(`.card[data-algorithm="` + algorithm + `"] ` + part)
}

// text returns what an element says.
func text(t *testing.T, ctx context.Context, selector chromedp.CSS) string {
	t.Helper()
	return strings.TrimSpace(get(t, ctx, chromedp.TextContent(selector)))
}

// find is an element in JavaScript.
func find(selector chromedp.CSS) string {
	return "document.querySelector('" + strings.TrimSpace(string(selector)) + "')"
}
