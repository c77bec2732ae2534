#!/usr/bin/env bash
# Measures the simulator: how fast it makes events, how long 1 GiB takes by each
# path, 10,000 connections, jumps in a run of 10 million events, the page cache.
# Medians of ROUNDS (default 5) go to docs/bench/sim-results.md, with the machine.
#
# Usage: docs/bench/sim.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
out=docs/bench/sim-results.md
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -run '^$' -bench 'GiB|Connections' -benchtime 10x -count "$rounds" -cpu 1 ./sim | tee -a "$log"
go test -run '^$' -bench 'LogAdd|CounterAt' -benchtime 1s -count "$rounds" -cpu 1 ./internal/trace | tee -a "$log"
go test -run '^$' -bench . -benchtime 1s -count "$rounds" -cpu 1 ./sim/pagecache | tee -a "$log"
{
  echo "# The simulator's speed"
  echo
  echo "Written by \`docs/bench/sim.sh $rounds\` on $(date -u +%F): medians of $rounds rounds, on one processor of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1) ($(nproc) in all), Linux $(uname -r), $(go env GOVERSION). The targets: 10 million events per second; 1 GiB in chunks of 64 KiB by any path in 100 ms; a jump to any step of 10 million events in 16 ms; 40 bytes for each stored event; 10,000 connections in 2 s."
  echo
  echo "| benchmark | ms | other figures |"
  echo "| --- | ---: | --- |"
  awk '
    /^Benchmark/ {
      name = $1; sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
      if (!(name in n)) order[++names] = name
      for (i = 3; i < NF; i += 2) { unit = $(i + 1); key = name SUBSEP unit; v[key, ++c[key]] = $i; if (!((name, unit) in seen)) { seen[name, unit] = 1; units[name] = units[name] " " unit } }
      n[name] = 1
    }
    function median(key,   i, k, t, m, a) {
      m = c[key]; for (i = 1; i <= m; i++) a[i] = v[key, i]
      for (i = 2; i <= m; i++) for (k = i; k > 1 && a[k] < a[k-1]; k--) { t = a[k]; a[k] = a[k-1]; a[k-1] = t }
      return a[int((m + 1) / 2)]
    }
    END {
      for (x = 1; x <= names; x++) {
        name = order[x]; rest = ""; split(units[name], u, " ")
        for (i = 1; i in u; i++) if (u[i] != "ns/op") rest = rest (rest == "" ? "" : ", ") median(name SUBSEP u[i]) " " u[i]
        printf "| %s | %.3f | %s |\n", name, median(name SUBSEP "ns/op") / 1e6, rest
      }
    }' "$log"
} >"$out"
echo "written: $out"
