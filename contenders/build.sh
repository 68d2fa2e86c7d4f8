#!/usr/bin/env bash
# Builds the contenders that Cargo doesn't, each in a copy of its folder, by the first of these that there is:
#   build.sh                             its own steps
#   Makefile with the target `build`     `make build`
#   package.json with a script `build`   `npm run build`, with its packages; leaves dist/
#   requirements.txt                     its packages (pip)
#   package.json                         its packages (npm)
# The first three may leave what Lambda needs in dist/. stacks/archive/build-step.ts has the same rules.
# A contender that cannot be built is named, and keeps no other from being built. Usage: build.sh aws|local arm64|x86_64 OUTPUT
set -euo pipefail
for_=$1 arch=$2 output=$3
cd "$(dirname "$0")/.."
checkout=$(pwd -P)

# A key of a contender.yaml, or what there is without it.
own() { # FOLDER KEY DEFAULT
  local value=
  [ ! -f "$1/contender.yaml" ] || value=$(sed -nE "s/^$2:[[:space:]]*[\"']?([A-Za-z0-9_.]+).*/\1/p" "$1/contender.yaml")
  echo "${value:-$3}"
}

# What builds a contender; nothing where there is nothing to build.
step_of() { # FOLDER
  if [ -f "$1/build.sh" ]; then echo build.sh
  elif grep -qsE '^build[[:blank:]]*:([^=]|$)' "$1/Makefile"; then echo 'make build'
  elif [ -f "$1/package.json" ] && has_build_script "$1/package.json"; then echo 'npm run build'
  elif [ -f "$1/requirements.txt" ]; then echo pip
  elif [ -f "$1/package.json" ]; then echo npm
  fi
}

has_build_script() { # package.json
  node -e 'process.exit(typeof JSON.parse(require("fs").readFileSync(process.argv[1])).scripts?.build === "string" ? 0 : 1)' "$1" 2>/dev/null
}

# Links are followed, as in a folder without a build step, but not out of the checkout.
refuse_links() { # FOLDER
  local link target
  while IFS= read -r -d '' link; do
    [ -e "$link" ] || fail "the link $link leads to $(readlink "$link"), which is not there: remove it" || return
    target=$(realpath "$link")
    case $target in
      "$checkout"/*) ;;
      *) fail "the link $link leads out of the checkout, to $target: put a copy in its place" || return ;;
    esac
  done < <(find -L "$1" -xtype l -print0)
}

fail() { # WHAT
  echo "error: $1" >&2
  false
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

run() { # STEP FOLDER: in the folder, which is a copy
  case $1 in
    build.sh) (cd "$2" && ARCH=$(own . architecture "$arch") bash build.sh) ;;
    # Not with what the make above has told its own.
    "make build") (cd "$2" && ARCH=$(own . architecture "$arch") env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make --no-print-directory build) ;;
    "npm run build") (cd "$2" && npm install --no-audit --no-fund --silent && ARCH=$(own . architecture "$arch") npm run --silent build) ;;
    pip) python_packages "$2" ;;
    npm) (cd "$2" && npm install --omit=dev --no-audit --no-fund --silent) ;;
  esac
}

# Whether a build left what Lambda starts; only the contender's own steps may fail to.
check() { # STEP FOLDER COPY
  local left=$3 bootstrap=bootstrap
  case $1 in pip | npm) return ;; esac
  [ ! -d "$3/dist" ] || left=$3/dist bootstrap=dist/bootstrap
  if [ "$1" = "npm run build" ] && [ "$left" = "$3" ]; then
    fail "$2: the script 'build' of its package.json left no folder 'dist': have it put the function's code there" || return
  fi
  case $(own "$3" runtime "$(runtime_of "$1" "$2")") in
    provided*)
      [ -f "$left/bootstrap" ] || fail "$2: its build ($1) left no file '$bootstrap': have it make one, or set another \
runtime in $2/contender.yaml" ;;
  esac
}

# The runtime of a contender that sets none.
runtime_of() { # STEP FOLDER
  case $1-$(basename "$(dirname "$2")") in
    build.sh-*) echo provided ;;
    *-python | *-node) [ -f "$2/bootstrap" ] && echo provided || echo language ;;
    *) echo provided ;;
  esac
}

build() { # FOLDER STEP COPY
  echo "${1#contenders/}"
  rm -rf "$3"
  mkdir -p "$3"
  refuse_links "$1" && cp -RL "$1/." "$3" || return
  run "$2" "$3" || fail "$1: its build ($2) failed, see above: mend it, or remove the folder" || return
  check "$2" "$1" "$3"
}

failed=()
for folder in contenders/*/*/; do
  folder=${folder%/}
  lang=$(basename "$(dirname "$folder")") id=$(basename "$folder")
  [ "$lang" = rust ] && continue
  step=$(step_of "$folder")
  [ -n "$step" ] || continue
  copy=$output/$lang-$id
  # What is left of a failed build is not to be deployed.
  build "$folder" "$step" "$copy" || { rm -rf "$copy"; failed+=("$lang/$id"); }
done
[ "${#failed[@]}" -eq 0 ] || fail "not built: ${failed[*]}"
