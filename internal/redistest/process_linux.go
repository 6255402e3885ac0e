package redistest

import "syscall"

// dieWithParent makes the kernel kill a child when the thread that started it
// ends (go.dev/issue/27505). A thread of a Go program ends with the program,
// unless a goroutine that is locked to it ends first; tests with servers have
// none.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
