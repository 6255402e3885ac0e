// Package script turns requests into calls of Lua scripts and their replies into
// answers. A [Plan] is a quota compiled for Redis, an [Operation] is a request
// under it, a [Call] carries operations to Redis as bytes, and an [Answer] is what
// became of one.
//
// The scripts decide, and Go repeats each decision on the state that the script
// has found: the answer follows from it, and a decision that differs is an error.
// The package sends nothing: it knows no connection, no timeout and no store.
package script
