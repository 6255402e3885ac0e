// Package correct puts the same requests to every peer and compares the answers
// with what the law that the peer claims allows, in exact arithmetic.
package correct
