//go:build !linux

package redistest

import "syscall"

// dieWithParent is for Linux. Elsewhere a server outlives a test binary that is
// killed. One that ends by itself stops its servers there too.
func dieWithParent() *syscall.SysProcAttr { return nil }
