package redistest_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/throttled-go/throttled/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(redistest.Main(m)) }

// patience is longer than anything here takes.
const patience = 30 * time.Second

// eventually waits until ok returns true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// alive reports whether a process runs. One that has ended and waits for its
// parent to notice does not.
func alive(pid int) bool {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, state, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(state, "Z")
	}
	process, err := os.FindProcess(pid)
	return err == nil && process.Signal(syscall.Signal(0)) == nil
}

// verdict is a test that only records how it fails.
type verdict struct {
	testing.TB
	text string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatal(args ...any) {
	v.text = fmt.Sprint(args...)
	runtime.Goexit()
}

func (v *verdict) Fatalf(format string, args ...any) { v.Fatal(fmt.Sprintf(format, args...)) }

// failure returns the message with which f fails the test that it is given.
func failure(f func(t testing.TB)) string {
	v := &verdict{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(v)
	}()
	<-done
	return v.text
}

// wire is a connection for inline commands, one a line, so that a test needs no
// client.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, network, addr string) *wire {
	t.Helper()
	c, err := net.Dial(network, addr)
	require.NoError(t, err)
	return newWire(t, c)
}

func dialTLS(t *testing.T, addr string, config *tls.Config) *wire {
	t.Helper()
	c, err := tls.Dial("tcp", addr, config)
	require.NoError(t, err)
	return newWire(t, c)
}

func newWire(t *testing.T, c net.Conn) *wire {
	t.Helper()
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	return &wire{c, bufio.NewReader(c)}
}

func (w *wire) send(t *testing.T, command string) {
	t.Helper()
	_, err := w.Write([]byte(command + "\r\n"))
	require.NoError(t, err)
}

// line reads one line of a reply.
func (w *wire) line() (string, error) {
	text, err := w.in.ReadString('\n')
	return strings.TrimSpace(text), err
}

// ask sends a command and returns the first line of its reply.
func (w *wire) ask(t *testing.T, command string) string {
	t.Helper()
	w.send(t, command)
	text, err := w.line()
	require.NoError(t, err)
	return text
}

// ended reports whether the connection has ended and no byte came before.
func (w *wire) ended() bool {
	_, err := w.in.ReadByte()
	return err != nil && !isTimeout(err)
}

// silent reports whether nothing can be read for a while. Nobody can wait for
// nothing to come, but a byte that comes soon fails the test.
func (w *wire) silent(t *testing.T) bool {
	t.Helper()
	require.NoError(t, w.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := w.in.Peek(1)
	require.NoError(t, w.SetDeadline(time.Now().Add(patience)))
	return isTimeout(err)
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
