#!/usr/bin/env bash
# Holds a release to what docs/install.md says of it. Builds the snapshot of HEAD
# twice, in two directories, and compares every artefact to the byte; looks into the
# archives; installs the Debian package of this machine into a directory of its own,
# as root because packages have root's files, upgrades, removes and purges it, and
# looks that nothing stays. No service is started, and nothing of this machine changes.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'release: %s\n' "$*" >&2; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

scratch=$(mktemp -d)
trap 'as_root rm -rf "$scratch"' EXIT

# snapshot makes a clone of HEAD and a snapshot in it, whatever GOFLAGS the
# environment has.
goreleaser=$(GOFLAGS= go tool -modfile=packaging/release/go.mod -n goreleaser)
snapshot() {
  git clone -q . "$1"
  (cd "$1" && GOFLAGS=-buildvcs=true "$goreleaser" release --snapshot --clean) >"$scratch/log" 2>&1 ||
    { cat "$scratch/log"; die "no snapshot in $1"; }
}
snapshot "$scratch/one"
snapshot "$scratch/somewhere/else/two"
one=$scratch/one/bin/release two=$scratch/somewhere/else/two/bin/release

# Every artefact is there, and the same.
version=$(cd "$one" && echo *_windows_amd64.zip)
version=${version#copyscope_} version=${version%_windows_amd64.zip}
artefacts=(SHA256SUMS "copyscope_${version}_windows_amd64.zip")
for platform in linux_amd64 linux_arm64 darwin_amd64 darwin_arm64; do
  artefacts+=("copyscope_${version}_$platform.tar.gz")
done
debs=("$one"/*.deb)
[ ${#debs[@]} = 2 ] || die "there are Debian packages for ${#debs[@]} architectures, 2 are wanted: ${debs[*]}"
for artefact in "${artefacts[@]}" "${debs[@]##*/}"; do
  cmp "$one/$artefact" "$two/$artefact" || die "$artefact: two builds of one commit differ"
  [ "$artefact" = SHA256SUMS ] || grep -q "  $artefact\$" "$one/SHA256SUMS" || die "SHA256SUMS leaves $artefact out"
done
(cd "$one" && sha256sum --quiet -c SHA256SUMS)

# make build makes the binary that is released, in whichever directory.
arch=$(go env GOARCH)
for there in "$scratch/one" "$scratch/somewhere/else/two"; do
  cmp "$there/bin/prepared/copyscope" "$one"/linux_linux_"$arch"*/copyscope ||
    die "what make build makes in $there is not what is released"
done

# What the archives hold.
for platform in linux_amd64 linux_arm64 darwin_amd64 darwin_arm64 windows_amd64; do
  name=copyscope_${version}_$platform
  holds=(LICENSE README.md THIRD_PARTY_NOTICES.md copyscope.1 completions/{_copyscope,copyscope.bash,copyscope.fish,copyscope.ps1})
  case $platform in
  windows*) holds+=(copyscope.exe) got=$(unzip -Z1 "$one/$name.zip") ;;
  linux*) holds+=(copyscope systemd/{copyscope.service,witness.conf}) got=$(tar -tzf "$one/$name.tar.gz") ;;
  *) holds+=(copyscope) got=$(tar -tzf "$one/$name.tar.gz") ;;
  esac
  diff <(printf "$name/%s\n" "${holds[@]}" | LC_ALL=C sort) <(grep -v '/$' <<<"$got" | LC_ALL=C sort) ||
    die "$name holds other files than it should (> is what it has)"
done
tar -xzf "$one/copyscope_${version}_linux_$arch.tar.gz" -C "$scratch"
unpacked=$scratch/copyscope_${version}_linux_$arch
told=$("$unpacked/copyscope" version)
grep -qx "commit $(git rev-parse HEAD) of .*, unmodified" <<<"$told" || die "the binary does not tell its commit: $told"
bash -n "$unpacked/completions/copyscope.bash"

# The Debian package, in a directory that is a system of its own. Its scripts run
# outside of it, and know it by DPKG_ROOT: it has no shell.
root=$scratch/root
deb=$(echo "$one"/*_"$(dpkg --print-architecture)".deb)
as_root install -d "$root"/var/lib/dpkg/{info,updates} "$root"/etc/systemd/system "$root"/var/lib/private
as_root touch "$root"/var/lib/dpkg/{status,available}
package() { as_root dpkg --root="$root" --force-script-chrootless --log=/dev/null "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; die "dpkg $*"; }; }
# All but dpkg's own records.
tree() { as_root find "$root" -path "$root/var/lib/dpkg" -prune -o -printf "$1" | LC_ALL=C sort; }
enabled() { as_root systemctl --root="$root" is-enabled copyscope.service 2>/dev/null || true; }
before=$(tree '%y %P\n')

package --install "$deb"
diff <(tree '%M %u %P\n' | grep -v '^d') - <<'FILES' || die 'the package installs other files than it should (< is what it has)'
-rw-r--r-- root usr/lib/systemd/system/copyscope.service
-rw-r--r-- root usr/share/bash-completion/completions/copyscope
-rw-r--r-- root usr/share/doc/copyscope/README.md
-rw-r--r-- root usr/share/doc/copyscope/THIRD_PARTY_NOTICES.md
-rw-r--r-- root usr/share/doc/copyscope/copyright
-rw-r--r-- root usr/share/doc/copyscope/examples/witness.conf
-rw-r--r-- root usr/share/doc/copyscope/systemd.md
-rw-r--r-- root usr/share/fish/vendor_completions.d/copyscope.fish
-rw-r--r-- root usr/share/man/man1/copyscope.1.gz
-rw-r--r-- root usr/share/zsh/vendor-completions/_copyscope
-rwxr-xr-x root usr/bin/copyscope
FILES
cmp "$root/usr/bin/copyscope" "$unpacked/copyscope" || die 'the package and the archive hold different binaries'
"$root/usr/bin/copyscope" run sendfile --side sim --size 1MiB >/dev/null || die 'the installed binary does not run'
starts=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$root/usr/lib/systemd/system/copyscope.service")
[ -x "$root$starts" ] || die "the unit starts $starts, which the package does not have"
[ "$(enabled)" = disabled ] || die "after the installation the service is '$(enabled)'"

# What a service leaves behind survives an upgrade and a removal.
as_root systemctl --root="$root" enable copyscope.service 2>/dev/null
[ "$(enabled)" = enabled ] || die 'the service cannot be enabled'
as_root install -d "$root/var/lib/private/copyscope/records"
as_root ln -s private/copyscope "$root/var/lib/copyscope"
package --install "$deb"
[ "$(enabled)" = enabled ] || die 'an upgrade disables the service'
package --remove copyscope
left=$(tree '%y %P\n' | grep -vxF "$before" || true)
[ "$left" = $'d var/lib/private/copyscope\nd var/lib/private/copyscope/records\nl var/lib/copyscope' ] ||
  die "after the removal there should be the records and nothing else, there is: $left"
package --purge copyscope
diff <(echo "$before") <(tree '%y %P\n') || die 'a purge does not leave what there was before (> is what there is)'
[ -z "$(as_root dpkg-query --root="$root" -W 2>/dev/null)" ] || die 'dpkg still knows the package'

echo "$version: ${#artefacts[@]} artefacts and ${#debs[@]} Debian packages, twice the same; $told"
ls -l "$one" | awk '/copyscope_/ { printf "%5.1f MB  %s\n", $5 / 1e6, $9 }'
