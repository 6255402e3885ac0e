//go:build unix

package redistest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/throttled-go/throttled/internal/redistest"
)

// deathVar is set in the environment of a test binary that is to end while its
// servers run. It says how.
const deathVar = "REDISTEST_DEATH"

// deaths are the ways in which a test binary ends, and whether it can still
// remove the directories.
var deaths = map[string]bool{
	"pass":                       true,
	"shared":                     true,
	"panic":                      true,
	"panic in another goroutine": false,
	"exit":                       false,
	"killed":                     false,
}

func TestNoServerOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	for how, orderly := range deaths {
		if !orderly && runtime.GOOS != "linux" {
			continue // documented
		}
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			pids, dirs := perish(t, how)
			require.Len(t, pids, 2)
			for _, pid := range pids {
				eventually(t, fmt.Sprint("end of process ", pid), func() bool { return !alive(pid) })
			}
			for _, dir := range dirs {
				if orderly {
					require.NoDirExists(t, dir)
				}
				require.NoError(t, os.RemoveAll(dir))
			}
		})
	}
}

// perish runs a test binary that ends in that way. It returns the processes and
// the directories of its servers, which were all there until then.
func perish(t *testing.T, how string) (pids []int, dirs []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDeath$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), deathVar+"="+how)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		var pid int
		var dir string
		if _, err := fmt.Sscanf(lines.Text(), "server %d %s", &pid, &dir); err == nil {
			require.True(t, alive(pid))
			pids, dirs = append(pids, pid), append(dirs, dir)
		}
	}
	if how == "killed" {
		require.NoError(t, cmd.Process.Kill())
	}
	require.NoError(t, in.Close())
	for lines.Scan() {
		// What a panic prints is of no interest.
	}
	_ = cmd.Wait() // reports that it failed
	return pids, dirs
}

// TestDeath is run by such a binary. In any other it does nothing.
func TestDeath(t *testing.T) {
	how := os.Getenv(deathVar)
	if how == "" {
		return
	}
	servers := []*redistest.Server{redistest.Start(t, redistest.WithUnixSocket())}
	if how == "shared" {
		servers = append(servers, redistest.Shared(t))
	} else {
		servers = append(servers, redistest.Start(t))
		servers[1].Pause(t)
	}
	for _, s := range servers {
		fmt.Println("server", s.PID(), filepath.Dir(s.Socket()))
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the parent has seen the servers

	switch {
	case how == "exit":
		os.Exit(1)
	case how == "panic":
		panic("as asked for")
	case strings.HasPrefix(how, "panic"):
		go panic("as asked for")
		select {}
	case how == "killed":
		select {}
	}
}
