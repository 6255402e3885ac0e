#!/usr/bin/env bash
# Installs throttled-bench as "go install …/tune/cmd/throttled-bench@latest" does: from module archives,
# out of a proxy on disk that has this tree's module tune and the library at the version that tune/go.mod
# requires. It fails where tune needs more of the library than that version has, or where a replace
# directive would stop the installation.
set -euo pipefail
cd "$(dirname "$0")/.."

tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
library=github.com/throttled-go/throttled

# The tree with what is not committed yet, by an index of its own.
export GIT_INDEX_FILE=$tmp/index
git read-tree HEAD
git add --all
tree=$(git write-tree)
unset GIT_INDEX_FILE

# pack MODULE VERSION TREE-ISH [PATHSPEC…]: what a proxy serves for a version of a module.
pack() {
	local module=$1 version=$2 from=$3 at=$tmp/proxy/$1/@v
	shift 3
	mkdir -p "$at"
	git archive --format=zip --prefix="$module@$version/" -o "$at/$version.zip" "$from" "$@"
	git show "${from%:}:go.mod" >"$at/$version.mod" 2>/dev/null || git show "$from/go.mod" >"$at/$version.mod"
	echo "{\"Version\":\"$version\"}" >"$at/$version.info"
	echo "$version" >"$at/list"
}

required=$(sed -n "s#.*$library \(v[^ ]*\).*#\1#p" tune/go.mod | head -n 1)
commit=${required##*-} # the end of a pseudo-version is its commit; a tag is a commit by itself
if ! git rev-parse --quiet --verify "$commit^{commit}" >/dev/null; then
	echo "tune-install: tune/go.mod requires $library $required, which this clone does not have; ./scripts/tune-pin.sh sets it to what HEAD is" >&2
	exit 1
fi
nested=$(git ls-tree -r --name-only "$commit" | sed -n 's#/go\.mod$##p' | grep -v testdata | sed 's#^#:(exclude)#' || true)
# shellcheck disable=SC2086 # one word for each module
pack "$library" "$required" "$commit" . $nested
pack "$library/tune" v0.0.1 "$tree:tune"

# What was downloaded before need not be downloaded again; the check sums of all of it are in tune/go.sum.
cache=$(go env GOMODCACHE)/cache/download
export GOPROXY="file://$tmp/proxy,file://$cache,$(go env GOPROXY)" GONOSUMDB='*' GOMODCACHE=$tmp/mod GOBIN=$tmp/bin GOWORK=off
cd "$tmp"
if ! go install "$library/tune/cmd/throttled-bench@latest"; then
	echo "tune-install: with the library at $required the tool does not install; if it needs what is newer, commit, and then set the version with ./scripts/tune-pin.sh" >&2
	exit 1
fi
"$tmp/bin/throttled-bench" tune -quota 60/m -rate 100/s -for 1s -passes 0 >/dev/null
echo "tune-install: throttled-bench installs, with the library at $required"
