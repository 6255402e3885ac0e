//go:build !unix

package waits

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
