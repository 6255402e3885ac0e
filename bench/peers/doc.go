// Package peers drives other rate limiters, and this one, each as its own
// documentation says, so that the same work can be measured through all of them.
//
//	make bench-peers
package peers
