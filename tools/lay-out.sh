#!/usr/bin/env bash
# Puts the functions that Cargo built for this machine where stacks look for them (and where cargo-lambda leaves those for
# AWS): <target>/lambda/<function>/bootstrap. Copies, and only of what has changed: a stack updates what is new.
# Usage: lay-out.sh TARGET
set -euo pipefail
for program in "$1"/debug/*; do
  name=$(basename "$program")
  [ -f "$program" ] && [ -x "$program" ] && [[ $name != lambench* ]] || continue
  cmp --silent "$program" "$1/lambda/$name/bootstrap" || install -D "$program" "$1/lambda/$name/bootstrap"
done
