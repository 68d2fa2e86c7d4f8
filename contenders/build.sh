#!/usr/bin/env bash
# Builds the contenders that Cargo doesn't, each in a copy of its folder: build.sh (leaves a `bootstrap`),
# requirements.txt (pip) or package.json (npm). Usage: build.sh aws|local arm64|x86_64 OUTPUT
set -euo pipefail
for_=$1 arch=$2 output=$3
cd "$(dirname "$0")/.."

python_packages() { # FOLDER
  local wheels=()
  if [ "$for_" = aws ]; then # wheels of Lambda's own Python and platform, whatever this machine has
    local machine=$arch
    [ "$arch" = arm64 ] && machine=aarch64
    wheels=(--platform "manylinux2014_$machine" --python-version 3.13 --implementation cp --only-binary=:all:)
  fi
  python3 -m pip install --quiet --disable-pip-version-check --requirement "$1/requirements.txt" --target "$1" "${wheels[@]}"
}

for folder in contenders/*/*/; do
  lang=$(basename "$(dirname "$folder")") id=$(basename "$folder")
  [ "$lang" = rust ] && continue
  [ -f "$folder/build.sh" ] || [ -f "$folder/requirements.txt" ] || [ -f "$folder/package.json" ] || continue
  copy=$output/$lang-$id
  echo "$lang/$id"
  rm -rf "$copy"
  mkdir -p "$copy"
  # Links would lead elsewhere from there.
  cp -RL "$folder." "$copy"
  if [ -f "$copy/build.sh" ]; then
    (cd "$copy" && ARCH=$arch bash build.sh)
    [ -f "$copy/bootstrap" ] || { echo "error: $folder/build.sh left no file 'bootstrap'" >&2; exit 1; }
  elif [ -f "$copy/requirements.txt" ]; then
    python_packages "$copy"
  else
    (cd "$copy" && npm install --omit=dev --no-audit --no-fund --silent)
  fi
done
