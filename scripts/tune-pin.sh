#!/usr/bin/env bash
# Has tune/go.mod require the library as it is at HEAD, by the pseudo-version of that commit. Needed when the
# tuning tool comes to use what the library has only had since the version that it requires.
set -euo pipefail
cd "$(dirname "$0")/.."

version=v0.0.0-$(TZ=UTC git log -1 --date=format-local:%Y%m%d%H%M%S --format=%cd)-$(git rev-parse --short=12 HEAD)
go mod edit -require="github.com/throttled-go/throttled@$version" tune/go.mod
./scripts/in-module.sh tune go mod tidy
echo "tune/go.mod requires the library at $version"
