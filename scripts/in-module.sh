#!/usr/bin/env bash
# Usage: in-module.sh DIRECTORY COMMAND…: runs COMMAND in a module of this repository, with the library of
# this tree.
#
# A module with a replace directive finds the library by it. One that people install by
# "go install …@latest" may have none, so it gets a workspace that has one. "go mod" and "go get" know no
# workspaces: they get a go.mod with one, and what they change there goes into the module's own.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD library=github.com/throttled-go/throttled
dir=$1
shift
export GOWORK=off

cd "$dir"
if ! grep -q "$library v" go.mod || grep -q '^replace ' go.mod; then
	exec "$@"
fi

mkdir -p "$root/out"
tmp=$(mktemp -d "$root/out/module.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

if [ "$1" != go ] || { [ "$2" != mod ] && [ "$2" != get ]; }; then
	printf 'go %s\n\nuse %s\n\nreplace %s => %s\n' "$(go mod edit -json | sed -n 's/.*"Go": "\(.*\)".*/\1/p')" "$PWD" "$library" "$root" >"$tmp/go.work"
	GOWORK=$tmp/go.work "$@"
	exit
fi

cp go.mod go.sum "$tmp"
go mod edit -replace="$library=$root" "$tmp/go.mod"
status=0
GOFLAGS="$(go env GOFLAGS) -modfile=$tmp/go.mod" "$@" || status=$?
go mod edit -dropreplace="$library" "$tmp/go.mod"
cmp -s "$tmp/go.mod" go.mod || cp "$tmp/go.mod" go.mod
cmp -s "$tmp/go.sum" go.sum || cp "$tmp/go.sum" go.sum
exit "$status"
