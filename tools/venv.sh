#!/usr/bin/env bash
# Makes a Python venv with exactly what a requirements file pins. Usage: venv.sh REQUIREMENTS FOLDER
set -euo pipefail
python3 -m venv --clear "$2"
"$2/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"
