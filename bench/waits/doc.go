// Package waits measures those who wait: whether they are let out in the order
// in which they came, how late, what they cost meanwhile, and what one who gives
// up does to those behind.
//
//	make bench-waits
package waits
