#!/usr/bin/env bash
# Measures what transactions of 1,000 records cost a producer, by both protocols,
# and writes it, with the machine, to docs/bench/transactions-results.md. Takes five
# minutes; fails below 60 % of the idempotent rate.
#
# Usage: docs/bench/transactions.sh [ROUNDS]     (default 5)
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
out=docs/bench/transactions-results.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/transactions" ./docs/bench/transactions
load_before=$(cut -d' ' -f1-3 /proc/loadavg)
failed=0
"$work/transactions" -rounds "$rounds" >"$work/new" || failed=1
"$work/transactions" -rounds "$rounds" -old >"$work/old" || failed=1
{
  echo "# What transactions cost a producer"
  echo
  echo "Written by \`docs/bench/transactions.sh $rounds\` on $(date -u +%F); $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1) ($(nproc) processors), Linux $(uname -r), load $load_before before and $(cut -d' ' -f1-3 /proc/loadavg) after. franz-go, not compressed, four partitions; records acknowledged in a second, or committed in transactions of 1,000: the median of the rounds, the least and the most. The sides take turns. At least 60 % are promised of the faster of the idempotent ones."
  echo
  echo "## transaction.version 2"
  echo
  cat "$work/new"
  echo
  echo "## The protocol before KIP-890"
  echo
  cat "$work/old"
} >"$out.new"
mv "$out.new" "$out"
cat "$out"
exit $failed
