// Package async measures how late those who wait are answered, beside a timer
// of the runtime and beside the limiter that most programs would wait at. What
// a decision costs through the channel face is measured in that package itself.
//
//	make bench-async
package async
