#!/usr/bin/env bash
# Fails and names the files that gofumpt would change. (The order of imports is part of "make lint".)
set -euo pipefail
cd "$(dirname "$0")/.."

files=$(go tool -modfile=tools/go.mod gofumpt -l .)
[ -z "$files" ] && exit 0
echo "not formatted (run 'make fmt'):" >&2
echo "$files" >&2
exit 1
