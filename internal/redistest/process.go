package redistest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// process is one running redis-server. It has no goroutine, because goleak would
// find it in every test that runs beside a shared server.
type process struct {
	cmd *exec.Cmd

	// life is the reading end of a pipe. Only the process holds the other end,
	// and never writes to it, so a read ends when the process does.
	life *os.File
}

// spawn runs redis-server in the directory dir and appends what it prints to the
// file named log.
func spawn(dir, log string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer discard(out)
	life, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer discard(held)

	cmd := exec.Command("redis-server", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.ExtraFiles = []*os.File{held}
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		discard(life)
		return nil, err
	}
	return &process{cmd: cmd, life: life}, nil
}

// discard closes what is no longer needed. An error has no consequence for
// anybody.
func discard(c io.Closer) { _ = c.Close() }

func (p *process) pid() int { return p.cmd.Process.Pid }

// exits reports whether the process has ended, or ends within d. It requires d >
// 0, because a read past its deadline does not see the end of the pipe.
func (p *process) exits(d time.Duration) bool {
	if err := p.life.SetReadDeadline(time.Now().Add(d)); err != nil {
		return true
	}
	_, err := p.life.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// kill ends the process at once if it still runs, and waits until it is gone.
func (p *process) kill() error {
	defer discard(p.life)
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()         // reports that it was killed
	if p.cmd.ProcessState == nil {
		return fmt.Errorf("redistest: process %d was not seen to end", p.pid())
	}
	return nil
}
