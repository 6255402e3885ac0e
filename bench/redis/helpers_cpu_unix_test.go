//go:build unix

package redis_test

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that this process has used, which is not
// the server's, and which hardly depends on what else the machine does.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
