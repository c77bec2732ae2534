#!/usr/bin/env bash
# Measures the broker: everything that it promises of speed and memory, in
# order, and writes docs/bench/broker-results.md, and next to it the reports as
# JSON. Takes less than ten minutes; needs about 10 GB of disk for a while.
#
# Memory that this machine gives out for the first time is slow (a virtual
# machine's host gets its pages then), so a file larger than what a round writes
# is written and removed first.
#
# Usage: docs/bench/broker.sh [ROUNDS]     (default 5)
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
out=docs/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go build -o "$work/copyscope" ./cmd/copyscope
warm=$(awk '/MemAvailable/ { gb = int($2 / 1e6 / 2); print (gb > 8 ? 8 : gb) }' /proc/meminfo)
dd if=/dev/zero of="$work/warm" bs=1M count=$((warm * 1000)) status=none
rm -f "$work/warm"

mkdir -p "$out/broker"
failed=0
# measure NAME ARGUMENTS… runs a benchmark; its report goes to broker/NAME.json.
measure() {
  local name=$1
  shift
  echo "copyscope bench $*" >&2
  if ! timeout -s INT 120 "$work/copyscope" bench "$@" --json >"$work/$name.json" 2>"$work/$name.err"; then
    echo "  failed: $(tail -n 1 "$work/$name.err")" >&2
    failed=1
    rm -f "$out/broker/$name.json"
    return
  fi
  mv "$work/$name.json" "$out/broker/$name.json"
}

measure fetch fetch --baseline --rounds "$rounds"
measure produce produce --baseline --rounds "$rounds"
measure produce-100 produce --record-size 100 --client raw,franz --duration 3s --rounds 3
measure e2e e2e --rate 50MB --duration 10s --rounds 3
measure consumers fetch --consumers 100 --bytes-each 50MB --fill 64MiB
measure idle idle --connections 5000
measure start start --topics 1000 --partitions 8 --rounds 3

go run ./docs/bench/brokertable "$out/broker" >"$work/results.md"
mv "$work/results.md" "$out/broker-results.md"
cat "$out/broker-results.md"
exit $failed
