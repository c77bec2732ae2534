#!/usr/bin/env bash
# Takes each defence of SECURITY.md away, in a copy of the repository, and fails if
# the test that its row names does not notice. First those tests run with all
# defences in place, so that red is the removal's doing. Prints a line for each
# removal; ends with 1 if a test stayed green, did not build, or was red before.
#
# A removal is a file of docs/bench/defences that `git apply` takes. Its head says
#   Row: what the attacker does, as the row of SECURITY.md begins; a line for each row
#   Test: the test of that row that must be red, as SECURITY.md names it
# and internal/archtest holds that every row has one and that it still applies.
#
# Usage: [CI=true] docs/bench/defences.sh [AT_ONCE [REMOVAL…]]   (default: one for each CPU, all)
# CI=true: a test that would skip, for want of a browser or root, is red before.
set -euo pipefail
cd "$(dirname "$0")/../.."
at_once=${1:-$(nproc)}
shift $(($# < 1 ? $# : 1))
removals=("$@")
[ ${#removals[@]} -gt 0 ] || removals=(docs/bench/defences/*.patch)
for removal in "${removals[@]}"; do
  [ -r "$removal" ] || { echo "defences.sh: there is no $removal" >&2; exit 2; }
done

work=$(mktemp -d /tmp/copyscope-defences.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # some tests are an ordinary user's

# said REMOVAL KEY is what a removal's head says.
said() { sed -n "s/^$2: //p;/^diff /q" "$1"; }

# -trimpath: what is compiled in one copy need not be in the next.
run() { go test -trimpath -vet=off -count=1 "$@" </dev/null; }

# place TEST is "PACKAGE NAME": those without a folder are the broker's, wherever
# the package that has them is.
place() {
  local folder=. name=${1##*.}
  case $1 in
    *.*) folder=${1%.*} ;;
    *) folder=$(grep -rlE --include='*_test.go' "^func $name\(" broker cmd packaging | awk 'NR == 1'); folder=${folder%/*} ;;
  esac
  echo "./$folder $name"
}

# What is not committed yet is taken along: a removal is tried before it is kept.
git ls-files -z --cached --others --exclude-standard |
  while IFS= read -rd '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done >"$work/files"
copy() {
  mkdir -p "$1"
  tar -c --null -T "$work/files" | tar -x -C "$1"
  git -C "$1" init -q
}

for removal in "${removals[@]}"; do
  place "$(said "$removal" Test)"
done | sort -u | awk '{ names[$1] = names[$1] (names[$1] ? "|" : "") $2 } END { for (p in names) print p, names[p] }' >"$work/tests"
copy "$work/whole"
while read -r package names; do
  if ! (cd "$work/whole" && run -timeout 15m -run "^($names)\$" "$package") >"$work/before" 2>&1; then
    echo "defences.sh: with all defences in place these are red:" >&2
    tail -30 "$work/before" >&2
    exit 1
  fi
done <"$work/tests"
echo "green with all defences: $(cut -d' ' -f2 "$work/tests" | tr '|' '\n' | wc -l) tests in $(wc -l <"$work/tests") packages"

# without DIRECTORY REMOVAL takes one defence away in a copy, and puts it back.
without() {
  local log=$1.log test package name begun=$SECONDS verdict
  test=$(said "$2" Test)
  read -r package name < <(place "$test")
  if ! git -C "$1" apply "$PWD/$2" 2>"$log"; then
    verdict='STALE '
  elif (cd "$1" && run -timeout 5m -run "^$name\$" "$package") >"$log" 2>&1; then
    verdict='GREEN '
  elif grep -qE '\[(build|setup) failed\]' "$log"; then
    verdict='BROKEN'
  else
    verdict='red   '
  fi
  [ "$verdict" = 'STALE ' ] || git -C "$1" apply -R "$PWD/$2"
  printf '%s %4d s  %s  %s\n' "$verdict" $((SECONDS - begun)) "$test" "$(basename "$2" .patch)"
  if [ "$verdict" != 'red   ' ]; then
    tail -20 "$log" | sed 's/^/         /'
    touch "$work/missed"
  fi
}

printf '%s\n' "${removals[@]}" >"$work/queue"
for ((i = 0; i < at_once; i++)); do
  copy "$work/copy$i"
  awk -v n="$at_once" -v i="$i" 'NR % n == i' "$work/queue" |
    while IFS= read -r removal; do without "$work/copy$i" "$removal"; done &
done
wait
echo "${#removals[@]} removals"
[ ! -e "$work/missed" ]
