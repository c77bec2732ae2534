#!/usr/bin/env bash
# Fuzzes what meets bytes of strangers: every fuzz target of the module, or of
# the packages named, for DURATION each (default 10m), AT_ONCE at a time
# (default: one for each CPU). Prints a line for each target and the total of
# executions; ends with 1 if one found something, and says where the input is that
# shows it. What they did is added to docs/bench/fuzz-results.md.
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
  # Up to Go 1.26 a target that found nothing may end with the deadline of its time
  # (https://go.dev/issue/75804). What finds something says where the input is.
  if grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input written' "$log"; then status=0; fi
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

# rows prints what each target did.
rows() { find "$work" -name '*.row' -exec cat {} +; }

readonly stored=docs/bench/fuzz-results.md

# results prints what docs/bench/fuzz-results.md says: of each target what its last
# run did, and what all runs did that were stored. Of a run of the whole module, those
# that there are no more are left out.
results() {
  cat <<END
# What was fuzzed

Written by \`docs/bench/fuzz.sh\`, last for $duration each by $(nproc) CPUs, $(uname -sr), $(go env GOVERSION), $(date -u '+%-d %B %Y'). Each target met every input that is kept for it, and what the fuzzer made of them. A run that finds something is not counted: its input is kept, and the target runs again when that is mended.

| package | target | executions, last run | in all stored runs | inputs kept |
| --- | --- | ---: | ---: | ---: |
END
  {
    grep -E '^[|] [^|]+ [|] Fuzz' "$stored" | sed 's/ *[|] */ /g' | sed 's/^ /old /'
    sed 's/^/there /' "$work/targets"
    rows | sed 's/^/new /'
  } | awk -v whole="$whole" '
    { sub("^copyscope/", "", $2); name = $2 " " $3 }
    $1 == "old" { last[name] = $4; ever[name] = $5; kept[name] = $6 }
    $1 == "there" { there[name] = 1 }
    $1 == "new" { last[name] = $4; ever[name] += $4; kept[name] = $5 }
    END { for (name in last) if (!whole || name in there) print name, last[name], ever[name], kept[name] }' | sort | awk '
    { printf "| %s | %s | %d | %d | %s |\n", $1, $2, $3, $4, $5; last += $3; ever += $4 }
    END { printf "| all | %d | %d | %d | |\n", NR, last, ever }'
}

echo "$(wc -l <"$work/targets") targets, $duration each, $at_once at a time"
while read -r package target; do
  while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n || true; done
  one "$package" "$target" &
done <"$work/targets"
wait
awk '{ n += $3 } END { printf "%d executions\n", n }' <(rows)
results >"$work/results"
cp "$work/results" "$stored"
[ ! -e "$work/found" ] || exit 1
