#!/usr/bin/env bash
# Gives a broker each bug that torture knows, in turn, and fails if one is not found
# within LIMIT. Some depend on where a fault falls, so three seeds are tried.
#
# Usage: docs/bench/torture/bugs.sh [LIMIT]     (default 2m, for each seed)
set -euo pipefail
cd "$(dirname "$0")/../../.."
limit=${1:-2m}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/torture" ./docs/bench/torture

missed=0
while IFS= read -r bug; do
  for seed in 2 3 5; do
    status=0
    "$work/torture" -for "$limit" -seed "$seed" -faults kill,power,stop -bug "$bug" -dir "$work" -json >"$work/verdict.json" 2>/dev/null || status=$?
    [ "$status" != 1 ] || break
  done
  if [ "$status" = 1 ]; then
    python3 -c 'import json, sys; v = json.load(open(sys.argv[1])); print("found  %s: after %.0f s of seed %d, %s" % (sys.argv[2], v["seconds"], v["seed"], v["violations"][0]["class"]))' "$work/verdict.json" "$bug"
  else
    printf 'MISSED %s (exit code %d)\n' "$bug" "$status"
    missed=1
  fi
done < <(sed -n 's/^\t"\([a-z-]*\)": *{.*/\1/p' docs/bench/torture/bugs.go)
exit $missed
