package redistest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Stop shuts the server down, with its data saved, and waits until it is gone.
// Nothing that it acknowledged is lost.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	must(t, s.stop())
}

// Kill ends the server at once, as a crash does, and waits until it is gone. Its
// data is lost, even what an earlier Stop saved, except what [WithConfig] made it
// write ("appendonly yes").
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	must(t, s.crash())
}

// Start starts a server that is down, on the same port, with the data that
// Stop saved, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	must(t, s.launch())
}

// Restart is [Server.Stop] and [Server.Start], so the data survives. Kill and
// Start bring a server back empty.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop(t)
	s.Start(t)
}

// Pause stops the process in its tracks (SIGSTOP): connections stay open and new
// ones are made, but nothing is answered. It returns when the process has
// stopped.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	must(t, s.suspend(true))
}

// Resume lets a paused server continue (SIGCONT). It carries out the commands
// first that came meanwhile.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	must(t, s.suspend(false))
}

var (
	errDown   = errors.New("redistest: the server is down")
	errUp     = errors.New("redistest: the server is up")
	errPaused = errors.New("redistest: the server is paused")
)

func (s *Server) launch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		return errUp
	}
	args := []string{s.file("redis.conf")}
	if s.sentinel {
		args = append(args, "--sentinel")
	}
	proc, err := spawn(s.dir, s.file("redis.log"), args...)
	if err != nil {
		return err
	}
	if err := s.await(proc); err != nil {
		return errors.Join(err, proc.kill())
	}
	s.proc, s.paused = proc, false
	return nil
}

// await waits until the process answers, or has ended.
func (s *Server) await(proc *process) error {
	var ended error
	err := poll(func() error {
		if proc.exits(time.Millisecond) {
			ended = s.obituary()
			return nil
		}
		return s.answers(proc)
	})
	return errors.Join(ended, err)
}

// answers returns nil if that very process serves the port. Another one may have
// taken it.
func (s *Server) answers(proc *process) error {
	info, err := s.info("server")
	if err != nil {
		return err
	}
	if id := info["process_id"]; id != strconv.Itoa(proc.pid()) {
		return fmt.Errorf("redistest: process %s serves port %d", id, s.port)
	}
	_, err = s.Command("PING") // refused while data is loaded
	return err
}

// obituary returns why a server did not start.
func (s *Server) obituary() error {
	text := s.Log()
	cause := errors.New("redistest: redis-server ended")
	if strings.Contains(text, "ddress already in use") {
		cause = errPortTaken
	}
	return fmt.Errorf("%w; its log:\n%s", cause, text)
}

func (s *Server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errDown
	}
	if s.paused {
		return errPaused
	}
	_, err := s.Command("SHUTDOWN", "SAVE") // hangs up, or says why not
	if refused, ok := errors.AsType[Error](err); ok {
		return refused
	}
	if !s.proc.exits(patience) {
		return fmt.Errorf("redistest: still up %v after SHUTDOWN (%w)", patience, err)
	}
	return s.bury()
}

func (s *Server) crash() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errDown
	}
	if err := s.bury(); err != nil {
		return err
	}
	if err := os.Remove(s.file("dump.rdb")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// bury kills the process if it still runs. Requires mu held and a process.
func (s *Server) bury() error {
	err := s.proc.kill()
	s.proc, s.paused = nil, false
	return err
}

// suspend pauses the server or lets it continue. It does nothing where that is so
// already.
func (s *Server) suspend(pause bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errDown
	}
	if s.paused == pause {
		return nil
	}
	act := s.proc.resume
	if pause {
		act = s.proc.pause
	}
	if err := act(); err != nil {
		return err
	}
	s.paused = pause
	return nil
}

// close ends the server for good, removes its directory and gives up its port.
func (s *Server) close() error {
	defer s.release()
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.proc != nil {
		err = s.bury()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
