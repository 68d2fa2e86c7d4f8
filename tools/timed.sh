#!/usr/bin/env bash
# Runs a command whose steps (tools/step.sh) and tests (vitest.config.mts) note how long they took, and prints the longest,
# whether it ends well or not. Usage: timed.sh COMMAND [ARGUMENT…]
STEP_TIMES=$(mktemp)
export STEP_TIMES
start=$SECONDS
"$@"
code=$?
table() { # KIND LINES: seconds and names, longest first
  LC_ALL=C awk -F '\t' -v kind="$1" '$1 == kind { printf "%8.1f  %s\n", $2, $3 }' "$STEP_TIMES" | sort -rn | head -n "$2"
}
printf '\nseconds  step, of %d s altogether\n' $((SECONDS - start))
table step 100
printf '\nseconds  file of end-to-end tests, run in parallel with others\n'
table file 100
printf '\nseconds  longest tests in these files\n'
table test 20
rm -f "$STEP_TIMES"
exit "$code"
