// Package core measures one decision of the memory store through the blocking
// face, beside the least that anything could cost that counts by key under a
// lock, and beside the limiter that most programs would write themselves.
//
//	make bench-core
package core
