#!/usr/bin/env bash
# Fuzzes what meets bytes of strangers: every fuzz target of the module, or of
# the packages named, for DURATION each (default 10m), AT_ONCE at a time
# (default: one for each CPU). Prints a line for each target and the total of
# executions; ends with 1 if one found something, and says where the input is that
# shows it. A run of the whole module is written to docs/bench/fuzz-results.md, beside
# what earlier runs did.
# Inputs that reached code which no other reached are kept in the testdata/fuzz of
# their package, for everybody's `go test`: of each target at most KEEP (default
# 24), the smallest, none of more than 4 KiB.
#
# Usage: [KEEP=N] docs/bench/fuzz.sh [DURATION [AT_ONCE [PACKAGE…]]]
set -euo pipefail
cd "$(dirname "$0")/../.."
duration=${1:-10m}
at_once=${2:-$(nproc)}
shift $(($# < 2 ? $# : 2))
packages=("$@")
whole=
[ ${#packages[@]} -gt 0 ] || { packages=(./...); whole=yes; }
keep=${KEEP:-24}

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# Lines "PACKAGE TARGET".
for package in $(go list "${packages[@]}"); do
  go test -list '^Fuzz' "$package" | awk -v package="$package" '/^Fuzz/ { print package, $1 }'
done >"$work/targets"
[ -s "$work/targets" ] || { echo "fuzz.sh: no fuzz target in ${packages[*]}" >&2; exit 1; }

# one PACKAGE TARGET fuzzes a target; its last line has the count of inputs.
one() {
  local name=${1//\//_}_$2 status=0
  local log="$work/$name.log"
  go test -run '^$' -fuzz "^$2\$" -fuzztime "$duration" -parallel 1 "$1" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    local execs
    execs=$(grep -oE 'execs: [0-9]+' "$log" | tail -1 | grep -oE '[0-9]+')
    printf 'ok     %s %s: %s executions\n' "$1" "$2" "$execs"
    printf '%s %s %s %s\n' "$1" "$2" "$execs" "$(keep_inputs "$1" "$2")" >"$work/$name.row"
  else
    printf 'FOUND  %s %s\n' "$1" "$2"
    sed 's/^/       /' "$log" | tail -30
    touch "$work/found"
  fi
}

# keep_inputs PACKAGE TARGET copies the smallest inputs that the run found into the
# package and prints how many are kept there.
keep_inputs() {
  local found kept
  found=$(go env GOCACHE)/fuzz/$1/$2
  kept=$(go list -f '{{.Dir}}' "$1")/testdata/fuzz/$2
  if [ -d "$found" ]; then
    mkdir -p "$kept"
    find "$found" -type f -size -9 -printf '%s %p\n' | awk '$1 <= 4096' | sort -n | head -n "$keep" |
      cut -d' ' -f2- | xargs -r cp -t "$kept"
  fi
  find "$kept" -type f 2>/dev/null | wc -l
}

readonly stored=docs/bench/fuzz-results.md

# results prints what docs/bench/fuzz-results.md says: what this run did, and what all
# runs did that were stored, this one included.
results() {
  cat <<END
# What was fuzzed

Written by \`docs/bench/fuzz.sh $duration\`: $(nproc) CPUs, $(uname -sr), $(go env GOVERSION), $(date -u '+%-d %B %Y'). Each target met every input that is kept for it, and what the fuzzer made of them; none found anything.

| package | target | executions | in all stored runs | inputs kept |
| --- | --- | ---: | ---: | ---: |
END
  sort "$work"/*.row | awk -v stored="$stored" '
    BEGIN { while ((getline line <stored) > 0) { split(line, of, / *[|] */); before[of[2] " " of[3]] = of[5] } }
    {
      sub("^copyscope/", "", $1)
      all = before[$1 " " $2] + $3
      printf "| %s | %s | %d | %d | %s |\n", $1, $2, $3, all, $4
      now += $3; ever += all
    }
    END { printf "| all | %d | %d | %d | |\n", NR, now, ever }'
}

echo "$(wc -l <"$work/targets") targets, $duration each, $at_once at a time"
while read -r package target; do
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n || true; done
  one "$package" "$target" &
done <"$work/targets"
wait
[ ! -e "$work/found" ] || exit 1
awk '{ n += $3 } END { printf "%d executions\n", n }' "$work"/*.row
[ -z "$whole" ] || { results >"$work/results" && cp "$work/results" "$stored"; }
