#!/usr/bin/env bash
# Times `copyscope import strace` on a file of a million lines, made of the
# real ones in internal/importer/strace/testdata, and says how much memory it took.
#
# Usage: docs/bench/import.sh [LINES]
set -euo pipefail
cd "$(dirname "$0")/../.."
lines=${1:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/copyscope" ./cmd/copyscope

# The runs one after the other, each a second later than the one before it.
awk -v lines="$lines" '
  { text[NR] = $0 }
  END {
    for (turn = 0; n < lines; turn++)
      for (i = 1; i <= NR && n < lines; i++) {
        at = index(text[i], ".")
        begin = substr(text[i], 1, at - 1)
        second = substr(begin, length(begin) - 9) + turn
        printf "%s%d%s\n", substr(begin, 1, length(begin) - 10), second, substr(text[i], at)
        n++
      }
  }' internal/importer/strace/testdata/relay.strace > "$work/long.strace"
echo "load before: $(cut -d" " -f1 /proc/loadavg)"
echo "$(nproc) × $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(uname -sr), $(go version | cut -d' ' -f3)"
echo "$(wc -l < "$work/long.strace") lines, $(stat -c %s "$work/long.strace") bytes"
for run in 1 2 3; do
  /usr/bin/time -f "run $run: %e s, %U s in user mode, %S s in the kernel, %M KiB resident at most" "$work/copyscope" import strace "$work/long.strace" > "$work/out"
done
sed -n '1,3p' "$work/out"
/usr/bin/time -f "with -o of a million events: %e s, %U s in user mode, %S s in the kernel, %M KiB resident at most" "$work/copyscope" import strace "$work/long.strace" -o "$work/run.json" > /dev/null
