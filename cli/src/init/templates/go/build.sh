#!/usr/bin/env bash
# Makes the file `bootstrap`, in a copy of this folder; ARCH is arm64 or x86_64.
set -euo pipefail
command -v go > /dev/null || { echo "error: this contender is written in Go, which is missing here: https://go.dev/doc/install" >&2; exit 1; }
GOOS=linux GOARCH=${ARCH/x86_64/amd64} CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags "-s -w" -o bootstrap .
