#!/usr/bin/env bash
# Fuzzes what meets bytes of strangers: every fuzz target of the module, or of
# the packages named, for DURATION each (default 10m), AT_ONCE at a time
# (default: one for each CPU). Prints a line for each target; ends with 1 if one
# found something, and says where the input is that shows it.
#
# Usage: docs/bench/fuzz.sh [DURATION [AT_ONCE [PACKAGE…]]]
set -euo pipefail
cd "$(dirname "$0")/../.."
duration=${1:-10m}
at_once=${2:-$(nproc)}
shift $(($# < 2 ? $# : 2))
packages=("$@")
[ ${#packages[@]} -gt 0 ] || packages=(./...)

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# Lines "PACKAGE TARGET".
for package in $(go list "${packages[@]}"); do
  go test -list '^Fuzz' "$package" | awk -v package="$package" '/^Fuzz/ { print package, $1 }'
done >"$work/targets"
[ -s "$work/targets" ] || { echo "fuzz.sh: no fuzz target in ${packages[*]}" >&2; exit 1; }

# one PACKAGE TARGET fuzzes a target; its last line has the count of inputs.
one() {
  local log="$work/$2.log" status=0
  go test -run '^$' -fuzz "^$2\$" -fuzztime "$duration" -parallel 1 "$1" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    printf 'ok     %s %s: %s\n' "$1" "$2" "$(grep -oE 'execs: [0-9]+' "$log" | tail -1)"
  else
    printf 'FOUND  %s %s\n' "$1" "$2"
    sed 's/^/       /' "$log" | tail -30
    touch "$work/found"
  fi
}

echo "$(wc -l <"$work/targets") targets, $duration each, $at_once at a time"
while read -r package target; do
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n || true; done
  one "$package" "$target" &
done <"$work/targets"
wait
[ ! -e "$work/found" ]
