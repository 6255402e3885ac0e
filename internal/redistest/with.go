package redistest

import (
	"errors"
	"fmt"
)

// With starts what topology names, "server", "sentinel" or "cluster", calls f
// with its URL, and stops it when f has returned. It is for programs that are not
// tests.
func With(topology string, f func(url string) error) error {
	if err := installed(); err != nil {
		return err
	}
	what, err := start(topology)
	if err != nil {
		return err
	}
	return errors.Join(f(what.URL()), what.close())
}

func start(topology string) (running, error) {
	switch topology {
	case "server":
		return startServer(nil)
	case "sentinel":
		return startSentinel(nil)
	case "cluster":
		return startCluster(nil)
	default:
		return nil, fmt.Errorf("redistest: no topology is named %q: there are server, sentinel and cluster", topology)
	}
}
