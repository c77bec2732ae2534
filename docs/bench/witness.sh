#!/usr/bin/env bash
# Measures what the kernel's tracepoints cost a real run: the same transfer with
# them and without, in turn. Writes docs/bench/witness-results.md. Takes root.
#
# Usage: docs/bench/witness.sh [ROUNDS]     (default 15)
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/witness" ./docs/bench/witness
"$work/witness" -rounds "${1:-15}" >"$work/page.md"
{
  cat "$work/page.md"
  echo
  echo "Written by \`docs/bench/witness.sh ${1:-15}\` on $(date -u +%F)."
} >docs/bench/witness-results.md
echo "written: docs/bench/witness-results.md"
