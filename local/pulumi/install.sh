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
echo "building the Pulumi CLI $version (the first time: about 5 minutes)"
(cd "$here/cli" && go build -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
  -o "$folder/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi)
ln -sf "$here/bin/pulumi-language-nodejs" "$here/bin/pulumi-resource-aws" "$folder/"
