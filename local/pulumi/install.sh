#!/usr/bin/env bash
# Builds the pinned Pulumi CLI into a folder, with the language host and the provider beside it, unless the machine has
# a Pulumi CLI of its own: then that is used as it is. Usage: install.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
if own=$(command -v pulumi) && [ "$(dirname "$own")" != "$folder" ]; then
  echo "using $own ($(pulumi version))"
  exit 0
fi
version=$(sed -nE 's|.*github.com/pulumi/pulumi/sdk/v3 (v[0-9.]+).*|\1|p' "$here/cli/go.mod" | head -n 1)
echo "building the Pulumi CLI $version"
progress() { # of Go's lines: errors, and every ten seconds how many modules and packages are done
  local done=0 due=$((SECONDS + 10)) line
  while read -r line; do
    case $line in
      'go: downloading '*) done=$((done + 1)) ;;
      *[:\ ]*) echo "$line" >&2 ;;
      *) done=$((done + 1)) ;;
    esac
    if [ $SECONDS -ge $due ]; then
      echo "   $done modules and packages"
      due=$((SECONDS + 10))
    fi
  done
}
# The compiler collects its garbage less often: it has the memory, and the machine has few processors.
(cd "$here/cli" && GOGC=${GOGC:-400} go build -v \
  -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$folder/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi) 2>&1 | progress
ln -sf "$here/bin/pulumi-language-nodejs" "$here/bin/pulumi-resource-aws" "$folder/"
