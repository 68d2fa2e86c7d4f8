#!/usr/bin/env bash
# Runs one step of the Makefile: says which it is, and how long it took; the file $STEP_TIMES notes it for tools/timed.sh.
# Usage: step.sh NAME COMMAND [ARGUMENT…]
name=$1
shift
printf '== %s …\n' "$name"
start=$(date +%s%N)
"$@"
code=$?
tenths=$((($(date +%s%N) - start) / 100000000))
if [ "$code" -eq 0 ]; then result=done; else result="FAILED (exit code $code)"; fi
printf '== %s: %s, %d.%d s\n' "$name" "$result" $((tenths / 10)) $((tenths % 10))
[ -z "${STEP_TIMES:-}" ] || printf 'step\t%d.%d\t%s\n' $((tenths / 10)) $((tenths % 10)) "$name" >>"$STEP_TIMES"
exit "$code"
