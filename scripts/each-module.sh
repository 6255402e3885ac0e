#!/usr/bin/env bash
# Usage: each-module.sh COMMAND…: runs COMMAND in the directory of every go.mod but that of tools.
set -euo pipefail
cd "$(dirname "$0")/.."

nested=$(find . -mindepth 2 -name go.mod -not -path './tools/*' -not -path './out/*' -not -path '*/testdata/*' -exec dirname {} ';' | sort)
for dir in . $nested; do
	echo "== $dir: $*" >&2
	./scripts/in-module.sh "$dir" "$@"
done
