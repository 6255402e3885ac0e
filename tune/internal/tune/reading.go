package tune

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/throttled-go/throttled/tune/internal/progress"
	"github.com/throttled-go/throttled/tune/internal/workload"
)

// Reading reads a workload out of an open file.
type Reading func(r io.Reader) (*workload.Workload, error)

// Loading makes a workload.
type Loading func(ctx context.Context, bar *progress.Progress) (*workload.Workload, error)

// FromFile returns what reads the file at path, or in if path is "-".
func FromFile(path string, in io.Reader, read Reading) Loading {
	return func(ctx context.Context, bar *progress.Progress) (*workload.Workload, error) {
		name, total := "standard input", int64(-1)
		if path != "-" {
			file, size, err := open(path)
			if err != nil {
				return nil, err
			}
			defer file.Close() //nolint:errcheck // it was only read
			name, total, in = path, size, file
		}
		bar.Bytes("reading", total)
		defer bar.End()
		w, err := read(&watched{ctx: ctx, in: in, bar: bar})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return w, nil
	}
}

// open opens a file and returns its size, -1 for what has none.
func open(path string) (*os.File, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	switch {
	case err == nil && info.Mode().IsRegular():
		return file, info.Size(), nil
	case err == nil && !info.IsDir():
		return file, -1, nil
	case err == nil:
		err = fmt.Errorf("%s is a directory; give one file, or join several: zcat -f %s/*.log* | throttled-bench tune -log -", path, path)
	}
	return nil, 0, errors.Join(err, file.Close())
}

// watched is a reader that can be left while it waits for more, as for what a
// person types, and that says how far it has come.
type watched struct {
	ctx     context.Context
	in      io.Reader
	bar     *progress.Progress
	results chan reading
	buffer  []byte
	rest    []byte // of the buffer, not yet handed on
}

// reading is what came of one read.
type reading struct {
	n   int
	err error
}

// Read reads in a goroutine of its own, which owns the buffer until it has
// answered: one that is left for good ends with its read, or with the program.
func (w *watched) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if w.results == nil {
			w.results, w.buffer = make(chan reading, 1), make([]byte, 1<<20)
		}
		if err := w.ctx.Err(); err != nil {
			return 0, err
		}
		go func() {
			n, err := w.in.Read(w.buffer)
			w.results <- reading{n, err}
		}()
		select {
		case <-w.ctx.Done():
			return 0, w.ctx.Err()
		case got := <-w.results:
			w.bar.Add(int64(got.n))
			if w.rest = w.buffer[:got.n]; got.n == 0 {
				return 0, got.err
			}
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}
