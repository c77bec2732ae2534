#!/usr/bin/env bash
# Proves with strace(1) which syscalls carry a fetch. A topic of BYTES (default
# 64 MiB) is fetched while strace watches the broker's process:
#
#   sendfile     sendfile carries the payload; read, pread64, write, writev,
#                sendto, sendmsg and splice together, whatever they are for,
#                move less than 2 % of its bytes.
#   read-write   (altered while the broker runs) the reverse: pread64 and write
#                carry the payload, sendfile less than 2 % of it.
#
# Prints the bytes of each syscall; exits with 1 if that is not what it saw.
# Needs strace and the right to trace (root, or kernel.yama.ptrace_scope 0).
#
# Usage: docs/bench/strace-fetch.sh [BYTES]
set -euo pipefail
cd "$(dirname "$0")/../.."
bytes=${1:-$((64 << 20))}
command -v strace >/dev/null || { echo 'strace-fetch.sh: strace is missing, so nothing was proved; install the package strace' >&2; exit 1; }

work=$(mktemp -d)
server='' tracer=''
finish() {
  for pid in $tracer $server; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

go build -o "$work/copyscope" ./cmd/copyscope
go build -o "$work/fetchload" ./docs/bench/fetchload
"$work/copyscope" serve --http 127.0.0.1:0 --kafka-listen 127.0.0.1:0 --data "$work/data" --ready-file "$work/ready" >"$work/serve.log" 2>&1 &
server=$!
for _ in $(seq 500); do [ -s "$work/ready" ] && break; sleep 0.02; done
[ -s "$work/ready" ] || { echo 'copyscope serve did not become ready:' >&2; cat "$work/serve.log" >&2; exit 1; }
kafka=$(sed -E 's/.*"kafka": *"([^"]+)".*/\1/' "$work/ready")

"$work/fetchload" fill "$kafka" strace "$bytes"
payload=$(stat -c %s "$work/data/strace-0/00000000000000000000.log")
echo "stored: $payload bytes"

# traced PATH fetches everything on the path, under strace, and writes lines
# "syscall calls bytes" to $work/PATH.sum.
traced() {
  "$work/fetchload" path "$kafka" strace "$1"
  strace -f -yy -e trace=read,pread64,write,writev,sendto,sendmsg,sendfile,splice -p "$server" -o "$work/$1.trace" 2>"$work/$1.log" &
  tracer=$!
  for _ in $(seq 250); do grep -q attached "$work/$1.log" && break; sleep 0.02; done
  grep -q attached "$work/$1.log" || { echo 'strace cannot attach (run as root, or set kernel.yama.ptrace_scope to 0):' >&2; cat "$work/$1.log" >&2; exit 1; }
  local values
  values=$("$work/fetchload" fetch "$kafka" strace)
  kill -INT "$tracer"
  wait "$tracer" || true
  tracer=''
  [ "$values" -ge "$bytes" ] || { echo "only $values of $bytes bytes were fetched" >&2; exit 1; }
  # A call that another thread interrupts is printed in two lines, of which the
  # second, "<... write resumed>", has the result.
  awk '
    !/ = [0-9]+$/ { next }
    { name = "" }
    match($0, /<\.\.\. [a-z0-9]+ resumed>/) { name = substr($0, RSTART + 5, RLENGTH - 14) }
    name == "" && match($0, /^[0-9]+ +[a-z0-9]+\(/) { name = substr($0, 1, RLENGTH - 1); sub(/^[0-9]+ +/, "", name) }
    name != "" { calls[name]++; bytes[name] += $NF }
    END { for (n in calls) printf "%s %d %.0f\n", n, calls[n], bytes[n] }
  ' "$work/$1.trace" | sort -k3,3nr >"$work/$1.sum"
  echo "fetched on $1:"
  awk '{ printf "  %-10s %8d calls %14.0f bytes\n", $1, $2, $3 }' "$work/$1.sum"
}

# moved PATH SYSCALL… is the bytes that these syscalls moved.
moved() {
  local path=$1; shift
  awk -v names=" $* " 'index(names, " " $1 " ") { n += $3 } END { printf "%.0f\n", n }' "$work/$path.sum"
}

failed=0
# expect TEXT LEFT OP RIGHT
expect() {
  if [ "$2" "$3" "$4" ]; then echo "  ok: $1 ($2)"; else echo "  WRONG: $1: $2, limit $4" >&2; failed=1; fi
}

traced sendfile
others=$(moved sendfile read pread64 write writev sendto sendmsg splice)
sent=$(moved sendfile sendfile)
expect 'sendfile carries the payload' "$sent" -ge "$payload"
expect 'all other calls together are below 2 % of it' "$others" -lt $((sent / 50))

traced read-write
expect 'pread64 carries the payload' "$(moved read-write pread64)" -ge "$payload"
expect 'write carries the payload' "$(moved read-write write)" -ge "$payload"
expect 'sendfile is below 2 % of it' "$(moved read-write sendfile)" -lt $((payload / 50))
exit $failed
