// Package redistest starts real redis-server processes for tests: one server,
// a set under Sentinel, a cluster, and a TCP proxy that causes trouble between
// them and a client. It is imported by tests, and by the program withredis,
// which starts a server for the examples. It needs Redis 6.2 or later on the
// PATH; a test that asks for a server fails where there is none and is never
// skipped.
//
// Every server listens on a port of the loopback interface that was free, has
// a directory of its own and is stopped, by its process id, when the test that
// started it ends, whether it passed, failed or panicked. Should the test
// binary itself be killed, exit or time out, on Linux the kernel kills the
// servers with it; only their directories, a few kilobytes, are left then.
//
// [Start], [StartSentinel], [StartCluster] and [StartProxy] serve one test,
// which may do to them whatever it likes. [Shared], [SharedSentinel] and
// [SharedCluster] serve all tests of a package; they need a TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(redistest.Main(m).Run()) }
//
// A server at rest has no goroutine in the test process, so goleak does not
// see it. A proxy has some until it is stopped.
package redistest
