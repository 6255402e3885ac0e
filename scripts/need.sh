#!/usr/bin/env bash
# Usage: need.sh COMMAND PACKAGE: if COMMAND is missing, installs PACKAGE where apt-get and root are at
# hand, and otherwise says what to install.
set -euo pipefail

command -v "$1" >/dev/null && exit
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "$1 is missing: install it (Debian: apt-get install $2)" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
install=(apt-get -qq install --yes --no-install-recommends "$2")
# A fresh machine has no list of packages yet.
"${install[@]}" >/dev/null 2>&1 || { apt-get -qq update && "${install[@]}" >/dev/null; } || true
command -v "$1" >/dev/null || { echo "$1 is missing, and apt-get install $2 brought none" >&2; exit 1; }
