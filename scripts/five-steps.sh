#!/usr/bin/env bash
# Runs the shell commands of "Five steps" in docs/tuning.md, one after another as they stand there, on the
# log that is shipped and a Redis that is started for them.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go build -buildvcs=false -o "$tmp/withredis" ./internal/redistest/withredis
cp tune/internal/tune/testdata/shop.log "$tmp/access.log"
./scripts/in-module.sh tune go build -buildvcs=false -o "$tmp/shadow" ./examples/shadow
"$tmp/shadow" "$tmp/calls.csv"
awk '/^## /{ steps = /^## Five steps/ } !steps{ next } /^```/{ if (code) { code = 0; if (++n == 1) print "cd \"$STEPS_DIR\"" } else code = /^```sh/; next } code' \
	docs/tuning.md >"$tmp/steps.sh"
[ "$(grep -c '^throttled-bench ' "$tmp/steps.sh")" -ge 4 ] || { echo "five-steps: found only $(wc -l <"$tmp/steps.sh") lines to run" >&2; exit 1; }
cat >"$tmp/run.sh" <<'RUN'
#!/usr/bin/env bash
# withredis calls it with -url and the URL.
REDIS_URL=$2 exec bash -euo pipefail -x "$STEPS_DIR/steps.sh" </dev/null
RUN
chmod +x "$tmp/run.sh"
STEPS_DIR=$tmp "$tmp/withredis" server "$tmp/run.sh" >"$tmp/out.txt" 2>&1 || { cat "$tmp/out.txt" >&2; exit 1; }
"$root/scripts/look-at-page.sh" "$tmp/tune.html" 5
"$root/scripts/look-at-page.sh" "$tmp/load.html" 1
echo "five-steps: $(grep -c '^throttled-bench ' "$tmp/steps.sh") commands ran"
