package tune_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/tune"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// TestInterrupted: who waits for input that does not come, or for a replay, is
// let go when the context ends.
func TestInterrupted(t *testing.T) {
	t.Run("while the standard input is silent", func(t *testing.T) {
		silent, writer := io.Pipe()
		defer writer.Close()
		ctx, cancel := context.WithCancel(t.Context())
		options := shop()
		options.Load = tune.FromFile("-", silent, func(r io.Reader) (*workload.Workload, error) {
			go cancel() // the reading has begun
			return readLog(r)
		})
		require.ErrorIs(t, tune.Run(ctx, options, io.Discard, io.Discard), context.Canceled)
	})
	t.Run("while it replays", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		options := shop()
		load := options.Load
		options.Load = func(ctx context.Context, bar *progress.Progress) (*workload.Workload, error) {
			defer cancel()
			return load(ctx, bar)
		}
		var out bytes.Buffer
		require.ErrorIs(t, tune.Run(ctx, options, &out, io.Discard), context.Canceled)
		require.Empty(t, out.String())
	})
}

// TestNoBarWithoutATerminal: what goes into a pipe or a file is the report
// alone.
func TestNoBarWithoutATerminal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress")
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, tune.Run(t.Context(), shop(), io.Discard, file))
	require.NoError(t, file.Close())
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, string(written))
}

func TestADirectoryIsNoLog(t *testing.T) {
	options := shop()
	options.Load = tune.FromFile("testdata", strings.NewReader(""), readLog)
	require.ErrorContains(t, tune.Run(t.Context(), options, io.Discard, io.Discard),
		"testdata is a directory; give one file, or join several: zcat -f testdata/*.log* | throttled-bench tune -log -")
}
