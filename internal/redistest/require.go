package redistest

import (
	"os/exec"
	"testing"
)

// Require fails the test at once if there is no redis-server on the PATH.
// Everything that starts a server calls it.
func Require(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is missing: install it (Debian: apt-get install redis-server)")
	}
}
