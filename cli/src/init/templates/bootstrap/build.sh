#!/usr/bin/env bash
# Makes the file `bootstrap`, in a copy of this folder; ARCH is arm64 or x86_64.
#
# What to change: compile your program here, in any language, for Amazon Linux 2023 (provided.al2023); name what is missing on
# the machine, such as:
#   command -v zig > /dev/null || { echo "error: this contender needs zig: https://ziglang.org/download" >&2; exit 1; }
set -euo pipefail
cp bootstrap.sh bootstrap
chmod +x bootstrap
