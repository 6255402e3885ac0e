#!/usr/bin/env bash
# Builds every program under examples/ with the race detector and runs it: it must exit 0 within 60 s.
# Those that want a Redis are given the URL of one that is started for them.
set -euo pipefail
cd "$(dirname "$0")/.."

limit=60s
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

go build -buildvcs=false -o "$tmp/withredis" ./internal/redistest/withredis

count=0
pkgs=$(go list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./examples/...)
for pkg in $pkgs; do
	echo "== example ${pkg#*/examples/}"
	go build -race -buildvcs=false -o "$tmp/example" "$pkg"
	case ${pkg##*/} in
	redis) redis=server ;;
	redis_sentinel) redis=sentinel ;;
	redis_cluster) redis=cluster ;;
	*) redis= ;;
	esac
	status=0
	${redis:+"$tmp/withredis" $redis} timeout --kill-after=5s "$limit" "$tmp/example" </dev/null || status=$?
	case $status in
	0) count=$((count + 1)) ;;
	124 | 137) echo "examples: $pkg did not end within $limit" >&2; exit 1 ;;
	*) echo "examples: $pkg exited with $status" >&2; exit 1 ;;
	esac
done

[ "$count" -gt 0 ] || { echo "examples: no program found" >&2; exit 1; }
echo "examples: $count programs ran"
