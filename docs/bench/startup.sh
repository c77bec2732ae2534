#!/usr/bin/env bash
# Prints how long the built binary takes from exec to "serving" (the ready file
# is there and /healthz answers), in ms: 15 starts, the median and all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/copyscope" ./cmd/copyscope
times=()
for _ in $(seq 15); do
  rm -f "$work/ready"
  began=$(date +%s%N)
  "$work/copyscope" serve --http 127.0.0.1:0 --kafka-listen 127.0.0.1:0 --ready-file "$work/ready" >/dev/null 2>&1 &
  pid=$!
  until [ -s "$work/ready" ]; do sleep 0.002; done
  url=$(sed -E 's/.*"web":"([^"]+)".*/\1/' "$work/ready")
  curl -fsS "$url/healthz" >/dev/null
  times+=($((($(date +%s%N) - began) / 1000000)))
  kill -TERM "$pid"
  wait "$pid" || { echo "serve ended with $?" >&2; exit 1; }
done
sorted=$(printf '%s\n' "${times[@]}" | sort -n)
echo "exec to serving, ms: median $(echo "$sorted" | sed -n 8p), all: $(echo $sorted)"
