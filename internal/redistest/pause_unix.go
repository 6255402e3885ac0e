//go:build unix

package redistest

import (
	"errors"
	"fmt"
	"syscall"
)

// pause stops the process and returns when it has stopped.
func (p *process) pause() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.pid(), &status, syscall.WUNTRACED, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err == nil && !status.Stopped() {
			err = fmt.Errorf("redistest: process %d ended instead of pausing", p.pid())
		}
		return err
	}
}

// resume lets a process that was stopped go on.
func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }
