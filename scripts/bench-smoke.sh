#!/usr/bin/env bash
# Runs every benchmark of the module bench once, and looks at a small report in a browser. The figures
# mean nothing; what is shown is that all of it runs.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p out
go -C bench test -run '^$' -bench . -benchtime 1x -cpu 2 ./... >out/bench-smoke.txt || { cat out/bench-smoke.txt; exit 1; }
ran=$(grep -c '^Benchmark.*ns/op\|^Benchmark.*µs' out/bench-smoke.txt || true)
[ "$ran" -ge 150 ] || { echo "bench-smoke: only $ran benchmarks ran" >&2; exit 1; }
echo "bench-smoke: $ran benchmarks"

go -C bench run ./cmd/report -quick -count 1 -benchtime 1x -steps 300 -waiting 300 -o ../out/bench-smoke.html
# Three plots of speed with one processor, three with all where there are more, and one each of memory and waits.
./scripts/look-at-page.sh out/bench-smoke.html $(($(getconf _NPROCESSORS_ONLN) > 1 ? 8 : 5))
