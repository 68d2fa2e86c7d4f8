#!/usr/bin/env bash
# Runs one step of the Makefile: says which it is, and how long it took. Usage: step.sh NAME COMMAND [ARGUMENT…]
name=$1
shift
printf '== %s …\n' "$name"
begin=$(date +%s%N)
"$@"
code=$?
tenths=$((($(date +%s%N) - begin) / 100000000))
if [ "$code" -eq 0 ]; then outcome=done; else outcome="FAILED (exit code $code)"; fi
printf '== %s: %s, %d.%d s\n' "$name" "$outcome" $((tenths / 10)) $((tenths % 10))
exit "$code"
