#!/usr/bin/env bash
# Builds the contenders that Cargo doesn't, each in a copy of its folder: build.sh (leaves a `bootstrap`),
# requirements.txt (pip) or package.json (npm). Usage: build.sh aws|local arm64|x86_64 OUTPUT
set -euo pipefail
for_=$1 arch=$2 output=$3
cd "$(dirname "$0")/.."

# A key of a contender.yaml, or what there is without it.
own() { # FOLDER KEY DEFAULT
  local value=
  [ ! -f "$1/contender.yaml" ] || value=$(sed -nE "s/^$2:[[:space:]]*[\"']?([A-Za-z0-9_.]+).*/\1/p" "$1/contender.yaml")
  echo "${value:-$3}"
}

# Wheels of Lambda's own Python and platform, whatever this machine has. Runtimes since 3.12 run on Amazon Linux 2023, whose
# glibc is 2.34, those before on Amazon Linux 2 with 2.26: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
python_packages() { # FOLDER
  local wheels=() version machine glibc
  if [ "$for_" = aws ]; then
    version=$(own "$1" runtime python3.13) version=${version#python}
    machine=$(own "$1" architecture "$arch") machine=${machine/arm64/aarch64}
    wheels=(--python-version "$version" --implementation cp --only-binary=:all:)
    for glibc in 17 26 27 28 34; do
      [ "$glibc" -gt 26 ] && [ "${version#3.}" -lt 12 ] || wheels+=(--platform "manylinux_2_${glibc}_$machine")
    done
    wheels+=(--platform "manylinux2014_$machine")
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
    (cd "$copy" && ARCH=$(own . architecture "$arch") bash build.sh)
    [ -f "$copy/bootstrap" ] || { echo "error: $folder/build.sh left no file 'bootstrap'" >&2; exit 1; }
  elif [ -f "$copy/requirements.txt" ]; then
    python_packages "$copy"
  else
    (cd "$copy" && npm install --omit=dev --no-audit --no-fund --silent)
  fi
done
