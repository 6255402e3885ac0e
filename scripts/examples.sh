#!/usr/bin/env bash
# Builds every program under examples/ with the race detector and runs it: it must exit 0 within 60 s.
# Those that want a Redis are given the URL of one that is started for them; those that serve until they
# are interrupted are told to give a demonstration.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=60s
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

go build -buildvcs=false -o "$tmp/withredis" ./internal/redistest/withredis

# run PACKAGE PROGRAM
run() {
	local redis='' args=() status=0
	case ${1##*/} in
	redis | http-redis) redis=server ;;
	redis_sentinel) redis=sentinel ;;
	redis_cluster) redis=cluster ;;
	esac
	case ${1##*/} in
	http | http-redis) args=(-demo) ;;
	esac
	${redis:+"$tmp/withredis" $redis} timeout --kill-after=5s "$limit" "$2" "${args[@]}" </dev/null || status=$?
	case $status in
	0) ;;
	124 | 137) echo "examples: $1 did not end within $limit" >&2; return 1 ;;
	*) echo "examples: $1 exited with $status" >&2; return 1 ;;
	esac
}

count=0
modules=$(find examples -name go.mod -exec dirname {} ';' | sort) # of those that need more than the library
for module in . $modules; do
	[ "$module" = . ] && below=./examples/... || below=./...
	pkgs=$(go -C "$module" list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' "$below")
	for pkg in $pkgs; do
		echo "== example ${pkg#*/examples/}"
		go -C "$module" build -race -buildvcs=false -o "$tmp/example" "$pkg"
		run "$pkg" "$tmp/example"
		count=$((count + 1))
	done
done

[ "$count" -gt 0 ] || { echo "examples: no program found" >&2; exit 1; }
echo "examples: $count programs ran"
