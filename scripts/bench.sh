#!/usr/bin/env bash
# Usage: bench.sh MODULE PACKAGES OUTPUT: runs benchmarks COUNT times on CPU processors each and
# prints benchstat's medians. The raw results stay in OUTPUT, for a comparison with later ones.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
module=$1 packages=$2 output=$3
mkdir -p "$(dirname "$output")"
(cd "$module" && go test -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${BENCHTIME:-200ms}" -count "${COUNT:-10}" -cpu "${CPU:-1,2}" \
	-timeout 2h "$packages") | tee "$root/$output"

grep -q '^Benchmark' "$output" || { echo "bench: no benchmark ran" >&2; exit 1; }
echo
go tool -modfile=tools/go.mod benchstat "$output"
