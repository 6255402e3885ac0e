#!/usr/bin/env bash
# Usage: look-at-page.sh PAGE PLOTS: opens a page in headless Chromium and fails if the console has a
# word to say, if anything else was loaded, if fewer plots than PLOTS are drawn, or if raw figures
# in it are no JSON.
set -euo pipefail

page=$1 plots=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What looks at the page stands in it as its last script.
cat >"$dir/look.html" <<'SCRIPT'
<script>
addEventListener("load", () => {
  const drawn = [...document.querySelectorAll("figure svg")].filter((svg) => {
    const box = svg.getBoundingClientRect();
    return box.width > 100 && box.height > 50 && svg.querySelectorAll("path").length > 5 && svg.querySelectorAll("text").length > 3;
  });
  const raw = document.getElementById("raw"); // not every page has raw figures
  const figures = raw === null || Object.keys(JSON.parse(raw.textContent)).length > 0;
  const others = document.querySelectorAll("[src], link[href], image[href]").length;
  const loaded = performance.getEntriesByType("resource").length + others;
  document.documentElement.dataset.seen = `plots=${drawn.length} loaded=${loaded} raw=${figures}`;
});
</script>
SCRIPT
sed -e '/<\/body>/{' -e "r $dir/look.html" -e '}' "$page" >"$dir/page.html"

flags=(--headless --disable-gpu --user-data-dir="$dir/profile" --enable-logging=stderr --dump-dom)
[ "$(id -u)" -ne 0 ] || flags+=(--no-sandbox) # Chromium's sandbox refuses root
timeout 120 chromium "${flags[@]}" "file://$dir/page.html" >"$dir/dom" 2>"$dir/log" || { cat "$dir/log" >&2; exit 1; }

if grep CONSOLE "$dir/log" >&2; then
	echo "look-at-page: the console of $page is not empty" >&2
	exit 1
fi
seen=$(grep -o 'data-seen="[^"]*"' "$dir/dom" | head -n 1 || true)
drawn=$(sed -n 's/.*plots=\([0-9]*\) loaded=0 raw=true.*/\1/p' <<<"$seen")
if [ -z "$drawn" ] || [ "$drawn" -lt "$plots" ]; then
	echo "look-at-page: $page: want $plots plots, nothing loaded and raw figures; seen: ${seen:-nothing}" >&2
	exit 1
fi
echo "look-at-page: $drawn plots"
