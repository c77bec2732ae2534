#!/usr/bin/env bash
# Kills the broker ROUNDS times (default 200) under transactions that move money,
# and writes what readers of what is committed saw, with the machine, to
# docs/bench/transfers-results.md. Fails, with the offsets, if a transfer is half
# seen, seen twice or lost, one that was aborted is seen, or one hangs. Takes about
# three minutes. Further arguments go to docs/bench/kill (-seed, -partitions, …).
#
# Usage: docs/bench/transfers.sh [ROUNDS [ARGUMENT…]]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-200}
ran="$rounds ${*:2}"
out=docs/bench/transfers-results.md
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go run ./docs/bench/kill -load transfers -rounds "$rounds" "${@:2}" | tee "$log"
{
  echo "# Transfers under kills"
  echo
  echo "Written by \`docs/bench/transfers.sh ${ran% }\` on $(date -u +%F); $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1) ($(nproc) processors), Linux $(uname -r), load $(cut -d' ' -f1-3 /proc/loadavg) at the end. Four transactional producers, two of them from before KIP-890, move money between 100 accounts in several partitions while the broker is killed with SIGKILL. Who reads what is committed saw each transfer whole or not at all, once, none that was aborted and all that were acknowledged; after each transaction, in the order of their markers, the accounts had the same sum; and within 30 s of each kill nothing was open any more."
  echo
  echo '```'
  cat "$log"
  echo '```'
} >"$out.new"
mv "$out.new" "$out"
