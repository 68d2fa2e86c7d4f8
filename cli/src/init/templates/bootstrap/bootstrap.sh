#!/bin/bash
# A custom runtime: it asks for an invocation, handles it, answers, and asks again
# (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).
#
# What to change: this makes no archive and says so. Put a program in its place that makes one of the event
# {"bucket_name": "…", "files_prefix": "…", "archive_key": "…"}; docs/contenders.md has the contract.
set -euo pipefail
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
headers=$(mktemp)
while true; do
  curl -sS -D "$headers" -o /dev/null "$api/next"
  id=$(grep -i '^lambda-runtime-aws-request-id:' "$headers" | cut -d: -f2 | tr -d '[:space:]')
  curl -sS -o /dev/null -H "Lambda-Runtime-Function-Error-Type: Contender.NotWritten" \
    -d '{"errorType": "Contender.NotWritten", "errorMessage": "this contender makes no archive yet: change its bootstrap.sh"}' \
    "$api/$id/error"
done
