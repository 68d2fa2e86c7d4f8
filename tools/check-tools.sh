#!/usr/bin/env bash
# Checks that the machine has what the Makefile needs; names each missing tool with the command that installs it.
# Usage: check-tools.sh [test]; with `test`, also what only the tests need.
missing=0

# need NAME FOUND? HOW-TO-INSTALL
need() {
  if ! eval "$2" >/dev/null 2>&1; then
    printf 'missing: %s. Install it with: %s\n' "$1" "$3" >&2
    missing=1
  fi
}

need 'Rust 1.95 or later (cargo)' \
  'cargo --version | awk "{ split(\$2, v, \".\"); exit !(v[1] > 1 || v[2] >= 95) }"' 'rustup update stable (https://rustup.rs)'
need 'Node.js 20 or later' 'node -e "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"' 'sudo apt-get install nodejs npm'
need 'npm' 'npm --version' 'sudo apt-get install npm'
need 'Python 3.11 or later with venv' \
  'python3 -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"' 'sudo apt-get install python3 python3-venv'
need 'a C compiler' 'cc --version' 'sudo apt-get install build-essential'
need 'Go 1.25 or later, or the Pulumi CLI' 'command -v pulumi || go version' \
  'sudo apt-get install golang, or curl -fsSL https://get.pulumi.com | sh'
need 'PostgreSQL 15 or later (initdb)' \
  'ls "${PG_BIN:-/nowhere}"/initdb || command -v initdb || ls /usr/lib/postgresql/*/bin/initdb' 'sudo apt-get install postgresql-15'
if [ "${1:-}" = test ]; then
  need 'Chromium, in which the tests open the page of results' \
    'command -v chromium || command -v chromium-browser || command -v google-chrome' \
    'sudo apt-get install chromium, or on macOS brew install --cask chromium'
  need 'script of util-linux, which gives tests a terminal' 'script --version | grep util-linux' 'sudo apt-get install bsdutils'
fi
exit "$missing"
