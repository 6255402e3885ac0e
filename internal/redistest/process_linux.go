package redistest

import "syscall"

// dieWithParent has the kernel kill a child when the thread that started it
// ends (go.dev/issue/27505). Threads of a Go program end with it, except where
// a goroutine ends that is locked to its thread; tests with servers have none.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
