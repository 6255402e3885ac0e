#!/usr/bin/env bash
# Usage: fuzz.sh MODULE: runs every fuzz target of the module for FUZZTIME (one number and one unit:
# 30s, 5m, 1h).
#
# The time is kept by timeout(1), which interrupts the test binary, and not by -fuzztime: before
# Go 1.27 that may report its own deadline as a failure (go.dev/issue/75804). --foreground, because
# else the fuzzer's workers are interrupted too, and one that ends first is taken for a crash.
set -euo pipefail
cd "$(dirname "$0")/../$1"

fuzztime=${FUZZTIME:-5s}
cache=$(go env GOCACHE)/fuzz
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# fuzz BINARY DIRECTORY PACKAGE TARGET
fuzz() (
	cd "$2"
	before=$(ls "testdata/fuzz/$4" 2>/dev/null || true)
	timeout --foreground --preserve-status --signal=INT --kill-after=60s "$fuzztime" \
		"$1" -test.run='^$' -test.fuzz="^$4\$" -test.fuzzcachedir="$cache/$3" && return
	status=$?
	# What broke it is of use only if it outlives the machine: print it.
	for input in $(ls "testdata/fuzz/$4" 2>/dev/null || true); do
		if ! grep -qxF "$input" <<<"$before"; then
			echo "$2/testdata/fuzz/$4/$input:"
			cat "testdata/fuzz/$4/$input"
		fi
	done
	return "$status"
)

count=0
tests=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' ./...)
while read -r pkg dir; do
	listed=$(go test -list '^Fuzz' "$pkg")
	targets=$(grep '^Fuzz' <<<"$listed" || true)
	[ -n "$targets" ] || continue
	go test -c -fuzz=. -o "$tmp/fuzz.test" "$pkg" # -fuzz: with the instruments that guide the fuzzer
	for target in $targets; do
		echo "== fuzz $pkg $target for $fuzztime"
		fuzz "$tmp/fuzz.test" "$dir" "$pkg" "$target" </dev/null
		count=$((count + 1))
	done
done <<<"$tests"

[ "$count" -gt 0 ] || { echo "fuzz: no fuzz target found" >&2; exit 1; }
echo "fuzz: $count targets passed"
