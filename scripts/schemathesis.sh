#!/usr/bin/env bash
# Installs Schemathesis below .local/ or TOOLS_DIR (needs Python and pip) and prints the path of the program.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=4.32.5
tools="${TOOLS_DIR:-.local}"
mkdir -p "$tools"
venv="$(cd "$tools" && pwd)/schemathesis-$VERSION"
if [ ! -x "$venv/bin/st" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$VERSION" >&2
fi
echo "$venv/bin/st"
