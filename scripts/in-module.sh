#!/usr/bin/env bash
# Usage: in-module.sh DIRECTORY COMMAND…: runs COMMAND in a module of this repository, with the library of
# this tree.
#
# A module with a replace directive finds the library by it. One that people install by
# "go install …@latest" may have none, so it gets a go.mod beside its own, which has one. What COMMAND
# changes there (go get, go mod tidy) goes into the module's own.
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
mods=$(mktemp -d "$root/out/mod.XXXXXX")
trap 'rm -rf "$mods"' EXIT
cp go.mod "$mods/go.mod"
[ ! -f go.sum ] || cp go.sum "$mods/go.sum"
go mod edit -replace="$library=$root" "$mods/go.mod"
cp "$mods/go.mod" "$mods/before"

status=0
GOFLAGS="$(go env GOFLAGS) -modfile=$mods/go.mod" "$@" || status=$?

if ! cmp -s "$mods/go.mod" "$mods/before"; then
	go mod edit -dropreplace="$library" "$mods/go.mod"
	cp "$mods/go.mod" go.mod
fi
if [ -f "$mods/go.sum" ] && ! cmp -s "$mods/go.sum" go.sum; then
	cp "$mods/go.sum" go.sum
fi
exit "$status"
