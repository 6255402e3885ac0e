package redistest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// Runner runs the tests of a package: a [testing.M], or what wraps one.
type Runner interface{ Run() int }

// Main returns a Runner that runs m and then stops the servers that its tests
// shared. With goleak:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(redistest.Main(m)) }
func Main(m Runner) Runner { return runner{m} }

// Shared returns a server that all tests of the package share. They must leave it
// up, and each keep to keys of its own. The first call starts it. TestMain does
// not, because it runs even if no test does.
func Shared(t testing.TB) *Server {
	t.Helper()
	return common.server.get(t, startServer)
}

// SharedSentinel is [Shared] for a set under Sentinel.
func SharedSentinel(t testing.TB) *Sentinel {
	t.Helper()
	return common.sentinel.get(t, startSentinel)
}

// SharedCluster is [Shared] for a cluster.
func SharedCluster(t testing.TB) *Cluster {
	t.Helper()
	return common.cluster.get(t, startCluster)
}

// common is what the tests share. It belongs to the runner.
var common struct {
	open     atomic.Bool // a runner will stop them
	server   lazy[*Server]
	sentinel lazy[*Sentinel]
	cluster  lazy[*Cluster]
}

type runner struct{ m Runner }

// Run runs the tests. Servers that cannot be stopped make it fail.
func (r runner) Run() (code int) {
	common.open.Store(true)
	defer func() {
		common.open.Store(false)
		err := errors.Join(common.server.close(), common.sentinel.close(), common.cluster.close())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}()
	return r.m.Run()
}

// lazy is a value that is started when it is first asked for.
type lazy[T interface{ close() error }] struct {
	mu      sync.Mutex
	started bool
	value   T
}

func (l *lazy[T]) get(t testing.TB, start func([]Option) (T, error)) T {
	t.Helper()
	Require(t)
	if !common.open.Load() {
		t.Fatal("redistest: tests that share a server need a TestMain with redistest.Main")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		value, err := start(nil)
		must(t, err)
		l.value, l.started = value, true
	}
	return l.value
}

func (l *lazy[T]) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.started {
		return nil
	}
	l.started = false
	return l.value.close()
}
