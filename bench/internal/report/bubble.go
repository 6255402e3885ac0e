package report

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/throttled-go/throttled/bench/correct"
	"github.com/throttled-go/throttled/bench/peers"
)

// measureCorrect judges the answers. Where the clock can be faked that is done
// by tests, since only a test can have a bubble of testing/synctest.
func (r *Report) measureCorrect(ctx context.Context, step func(stage, what string)) error {
	step("answers", "against the exact law")
	err := runTest(ctx, "correct", "TestTable", &r.Correct, fmt.Sprintf("-steps=%d", r.Set.Steps))
	if err != nil {
		return err
	}
	step("answers", "those of the calls that are measured")
	if err := runTest(ctx, "correct", "TestSpots", &r.Spots, fmt.Sprintf("-steps=%d", r.Set.Steps)); err != nil {
		return err
	}
	step("answers", "the order of those who wait")
	if err := runTest(ctx, "waits", "TestOrder", &r.Orders); err != nil {
		return err
	}
	for _, peer := range peers.All() {
		if !correct.Judged(peer) || !peer.RealClock {
			continue
		}
		step("answers", peer.Name+" in real time")
		rows, err := correct.InRealTime(peer, r.Set.Steps)
		if err != nil {
			return err
		}
		r.Correct = append(r.Correct, rows...)
		spots, err := correct.SpotsInRealTime(peer, r.Set.Steps)
		if err != nil {
			return err
		}
		r.Spots = append(r.Spots, spots...)
	}
	return nil
}

// runTest runs a test of a package of this module and reads what it writes.
func runTest(ctx context.Context, name, test string, table any, flags ...string) error {
	dir, err := os.MkdirTemp("", "throttled-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary files too
	out := filepath.Join(dir, "table.json")
	args := []string{"test", "-count=1", "-run", "^" + test + "$", "github.com/throttled-go/throttled/bench/" + name, "-args", "-out=" + out}
	command := exec.CommandContext(ctx, "go", append(args, flags...)...)
	if printed, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s of package %s: %w\n%s", test, name, err, printed)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, table)
}
