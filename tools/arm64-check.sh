#!/usr/bin/env bash
# Tries the functions on arm64 without an arm64 machine: builds them for AWS as `make build ARCH=arm64` does, and once more with
# Debian's compilers; invokes each once, and runs the unit tests, all emulated (qemu) as a Neoverse N1, Lambda's Graviton2.
# Takes half an hour to an hour; 4 GB below TMPDIR while it runs, and as much in target/arm64-check, which makes the next run
# shorter. Usage, as root: arm64-check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
TRIPLE=aarch64-unknown-linux-gnu
# Amazon Linux 2023's; the Makefile has it, too.
GLIBC=2.34
TARGET=$PWD/target/arm64-check
QEMU="qemu-aarch64 -cpu neoverse-n1 -L /usr/aarch64-linux-gnu"
# Rust for both, the C compiler that aws-lc-sys needs, and the programs that tests start.
PACKAGES=(cargo rustc "libstd-rust-dev:arm64" gcc gcc-aarch64-linux-gnu libc6-dev libc6-dev-arm64-cross qemu-user
  postgresql python3 unzip)
# They run on a developer's machine only; `make build` leaves them out, too.
LEFT_OUT=(lambench cpu-pacer s3-model)

check_needs() {
  local missing=()
  [ "$(id -u)" -eq 0 ] || missing+=('root, for a chroot')
  [ "$(uname -sm)" = 'Linux x86_64' ] || missing+=('Linux on x86_64')
  for program in cargo debootstrap make readelf unshare; do
    command -v "$program" >/dev/null || missing+=("the program $program")
  done
  [ "${#missing[@]}" -eq 0 ] && return
  printf 'arm64-check.sh needs %s\n' "${missing[@]}" >&2
  exit 2
}

# Mounts are in a namespace of the part that works, below: when that ends, however it ends, they are gone with all its
# processes, and removing the folder cannot reach into what was mounted.
start() {
  check_needs
  work=$(mktemp -d --tmpdir lambench-arm64.XXXXXX)
  export work
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  unshare --mount --pid --mount-proc --fork --kill-child tools/arm64-check.sh all_steps
}

# Runs a command in the chroot, in the checkout, with the crates that the host has.
inside() {
  chroot "$work/root" /usr/bin/env -i --chdir=/src PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 RUST_BACKTRACE=1 \
    CARGO_HOME=/cargo CARGO_TARGET_DIR=/target CARGO_NET_OFFLINE=true CARGO_BUILD_TARGET=$TRIPLE \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="$QEMU" "$@"
}

make_chroot() {
  local root=$work/root
  quiet debootstrap --variant=minbase --include=ca-certificates sid "$root" "$MIRROR"
  mkdir "$root/src" "$root/cargo" "$root/target"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  bind_readonly "$PWD" "$root/src"
  bind_readonly "${CARGO_HOME:-$HOME/.cargo}" "$root/cargo"
  mkdir -p "$TARGET/debian"
  mount --bind "$TARGET/debian" "$root/target"
  inside dpkg --add-architecture arm64
  # A mirror may lag behind by more than the week for which sid's lists are valid; they are signed all the same.
  quiet inside apt-get -o Acquire::Check-Valid-Until=false update
  quiet inside env DEBIAN_FRONTEND=noninteractive apt-get --yes --no-install-recommends install "${PACKAGES[@]}"
  inside rustc --version
  inside qemu-aarch64 --version | sed -n 1p
}

quiet() { # COMMAND…: its output only if it fails
  "$@" >"$work/log" 2>&1 || { tail -n 20 "$work/log"; return 1; }
}

bind_readonly() { # FOLDER WHERE
  mount --bind "$1" "$2"
  mount -o remount,bind,ro "$2"
}

# Programs that no Graviton could run: another machine's, or with symbols of a later glibc than Lambda has.
check_programs() {
  local program newest count=0
  for program in "$TARGET"/aws/lambda/*/bootstrap; do
    readelf --file-header "$program" | grep 'Machine:.*AArch64' >/dev/null || { echo "$program is not for arm64"; return 1; }
    newest=$(readelf --version-info "$program" | grep -o 'GLIBC_[0-9.]*' | sort --version-sort --unique | tail -1)
    printf '   %s: at most %s\n' "$(basename "$(dirname "$program")")" "$newest"
    [ "$(printf '%s\n' "$newest" "GLIBC_$GLIBC" | sort --version-sort | tail -1)" = "GLIBC_$GLIBC" ] || return 1
    count=$((count + 1))
  done
  echo "   $count programs"
}

invoke() { # FOLDER DEPTH: each program there
  local programs
  mapfile -t programs < <(find "$TARGET/$1" -mindepth "$2" -maxdepth "$2" -type f -executable | sort)
  inside python3 tools/runtime_api.py "$QEMU" "${programs[@]/#"$PWD"//src}"
}

failed=()

# One step's failure does not keep the others from saying what they find.
step() { # NAME COMMAND…: a program, or a function of this script, in a shell of its own, where `set -e` counts
  local name=$1
  shift
  tools/step.sh "$name" tools/arm64-check.sh "$@" || failed+=("$name")
}

all_steps() {
  local ours=(--quiet --locked --workspace "${LEFT_OUT[@]/#/--exclude=}")
  trap 'exit 130' INT TERM
  step 'build for AWS, arm64, with cargo-lambda and zig' make --no-print-directory build FOR=aws ARCH=arm64 CARGO_TARGET_DIR="$TARGET/aws"
  step "check that these are for arm64 and glibc $GLIBC" check_programs
  step 'make a chroot of Debian sid' make_chroot
  step 'invoke them' invoke aws/lambda 2
  step 'fetch crates' cargo fetch --quiet --locked
  step "build for arm64 with Debian's compilers" inside cargo build "${ours[@]}" --bins
  step 'invoke these' invoke "debian/$TRIPLE/debug" 1
  echo "== left out, since they run on a developer's machine only: the tests of ${LEFT_OUT[*]}, and the end-to-end tests"
  # It measures its own process, whose memory is the emulator's there.
  local memory=the_largest_objects_fit_in_the_smallest_function
  echo "== left out, since it would measure the emulator: $memory"
  step 'run the unit tests' inside cargo test "${ours[@]}" --no-fail-fast -- --skip "$memory"
  [ "${#failed[@]}" -gt 0 ] || { echo '== all passed'; return; }
  printf '== failed: %s\n' "${failed[@]}"
  exit 1
}

# Without an argument; steps give one.
"${@:-start}"
