#!/usr/bin/env bash
# Usage: look-at-page.sh PAGE PLOTS: opens a page in headless Chromium, as wide as a desktop and as a
# telephone, and as it is printed on A4. It fails if the console has a word to say, if anything else was
# loaded, if fewer plots than PLOTS are drawn or one has no words for those who cannot see it, if anything
# stands out of the page (printed, of a table too: there nobody can scroll), or if raw figures in it are no JSON.
set -euo pipefail

page=$1 plots=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What looks at the page stands in it as its last script. The hash says whether it is to look as printed.
cat >"$dir/look.html" <<'SCRIPT'
<script>
addEventListener("load", () => {
  const printed = location.hash === "#printed";
  if (printed) {
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) {
        if (rule instanceof CSSMediaRule && rule.media.mediaText === "print") rule.media.mediaText = "all";
      }
    }
  }
  const drawn = [...document.querySelectorAll("figure svg")].filter((svg) => {
    const box = svg.getBoundingClientRect();
    return box.width > 100 && box.height > 50 && svg.querySelectorAll("path").length > 5 && svg.querySelectorAll("text").length > 3;
  });
  const mute = drawn.filter((svg) => svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")).length;
  const raw = document.getElementById("raw"); // not every page has raw figures
  const figures = raw === null || Object.keys(JSON.parse(raw.textContent)).length > 0;
  const others = document.querySelectorAll("[src], link[href], image[href]").length;
  const loaded = performance.getEntriesByType("resource").length + others;
  const wide = printed ? [...document.querySelectorAll("table, td, pre")] : [document.documentElement];
  const out = wide.filter((e) => Math.max(e.scrollWidth, e.getBoundingClientRect().right) > innerWidth + 1).length;
  document.documentElement.dataset.seen = `plots=${drawn.length} mute=${mute} loaded=${loaded} raw=${figures} out=${out}`;
});
</script>
SCRIPT
sed -e '/<\/body>/{' -e "r $dir/look.html" -e '}' "$page" >"$dir/page.html"

flags=(--headless --disable-gpu --user-data-dir="$dir/profile" --enable-logging=stderr --dump-dom)
[ "$(id -u)" -ne 0 ] || flags+=(--no-sandbox) # Chromium's sandbox refuses root

# look WIDTH [HASH]
look() {
	timeout 120 chromium "${flags[@]}" --window-size="$1,1000" "file://$dir/page.html${2:-}" >"$dir/dom" 2>"$dir/log" || { cat "$dir/log" >&2; exit 1; }
	if grep CONSOLE "$dir/log" >&2; then
		echo "look-at-page: the console of $page is not empty" >&2
		exit 1
	fi
	seen=$(grep -o 'data-seen="[^"]*"' "$dir/dom" | head -n 1 || true)
	drawn=$(sed -n 's/.*plots=\([0-9]*\) mute=0 loaded=0 raw=true out=0.*/\1/p' <<<"$seen")
	if [ -z "$drawn" ] || [ "$drawn" -lt "$plots" ]; then
		echo "look-at-page: $page${2:-}, $1 wide: want $plots plots with words, nothing loaded, raw figures and nothing out of the page; seen: ${seen:-nothing}" >&2
		exit 1
	fi
}
look 1300
look 400
look 718 '#printed' # A4 less its margins
echo "look-at-page: $drawn plots at both widths, and printed"
