#!/usr/bin/env bash
# Makes a Python venv with exactly what a requirements file pins. Usage: venv.sh REQUIREMENTS FOLDER
set -euo pipefail
# Not with the Python of the venv that is to be replaced, which may be the first on the PATH.
python=$(python3 -c 'import sys; print(sys._base_executable)')
"$python" -m venv --clear "$2"
"$2/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
