package redistest

import (
	"errors"
	"os/exec"
	"testing"
)

// Require fails the test at once if there is no redis-server on the PATH.
// Everything that starts a server calls it.
func Require(t testing.TB) {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatal(err)
	}
}

// installed returns an error if there is no redis-server on the PATH.
func installed() error {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return errors.New("redis-server is missing: install it (Debian: apt-get install redis-server)")
	}
	return nil
}
