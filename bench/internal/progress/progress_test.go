package progress_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/throttled-go/throttled/bench/internal/progress"
)

// TestLines: a file is no terminal, so each stage has a line and no bar.
func TestLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	p := progress.New(file, 4)
	for _, step := range [][2]string{{"speed", "a"}, {"speed", "b"}, {"waits", "c"}, {"waits", "d"}} {
		p.Step(step[0], step[1])
	}
	p.End()
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 of 4, speed: a\n3 of 4, waits: c\n"; string(text) != want {
		t.Errorf("%q, not %q", text, want)
	}
}
