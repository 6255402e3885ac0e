// Package http measures what a middleware costs a request that it lets through, beside
// the handler without one and beside those of other limiters.
//
//	make bench-http
package http
