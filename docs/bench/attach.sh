#!/usr/bin/env bash
# Measures what copyscope attach costs: its own processor time, and what the watched
# process takes more, with and without in turn. Writes docs/bench/attach-results.md.
# Takes root, and some eight minutes.
#
# Usage: docs/bench/attach.sh [ROUNDS]     (default 5)
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
seconds=15
load_before=$(cut -d' ' -f1 /proc/loadavg)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/copyscope" ./cmd/copyscope
go build -o "$work/load" ./docs/bench/attachload
head -c 4096 /dev/urandom >"$work/file"
for rate in 1000 10000 100000; do
  for ((i = 0; i < rounds; i++)); do
    echo "$rate without 0 0 $("$work/load" "$work/file" $rate $seconds)" >>"$work/log"
    "$work/load" "$work/file" $rate $seconds >"$work/cpu" &
    load=$!
    "$work/copyscope" attach --pid $load --for 60s --json 2>/dev/null >"$work/report" || true
    wait $load
    jq -r '"\(.own_cpu_ns.value / 1e6) \(.lost)"' "$work/report" >"$work/own"
    echo "$rate with $(cat "$work/own") $(cat "$work/cpu")" >>"$work/log"
  done
done
{
  echo "# What attaching costs"
  echo
  echo "Written by \`docs/bench/attach.sh $rounds\` on $(date -u +%F): medians of $rounds rounds of $seconds s, watched and not in turn; $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1) ($(nproc) processors), Linux $(uname -r). A process reads 4 KiB of a file and writes them to /dev/null, so many syscalls a second. Per cent are of one processor. The load average was $load_before when it began: above 1, others were at work, and what the process takes more says little. Promised: at most 3 % at 10,000 calls a second."
  echo
  echo "| calls a second | the reader takes | the process takes more | together | records lost |"
  echo "| ---: | ---: | ---: | ---: | ---: |"
  awk -v s=$seconds '
    { k = $1 "|" $2; c[k]++; own[k, c[k]] = $3; lost[$1] += $4; cpu[k, c[k]] = $5; rates[$1] = 1 }
    function med(a, k,   i, j, t, m, v) {
      m = c[k]; for (i = 1; i <= m; i++) v[i] = a[k, i]
      for (i = 2; i <= m; i++) for (j = i; j > 1 && v[j] + 0 < v[j-1] + 0; j--) { t = v[j]; v[j] = v[j-1]; v[j-1] = t }
      return v[int((m + 1) / 2)]
    }
    END { n = split("1000 10000 100000", order, " ")
      for (i = 1; i <= n; i++) { r = order[i]
        reader = med(own, r "|with") / (s * 10); more = (med(cpu, r "|with") - med(cpu, r "|without")) / (s * 10)
        printf "| %d | %.2f %% | %+.2f %% | %.2f %% | %d |\n", r, reader, more, reader + more, lost[r] } }' "$work/log"
} >docs/bench/attach-results.md
echo "written: docs/bench/attach-results.md"
