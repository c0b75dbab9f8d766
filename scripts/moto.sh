#!/usr/bin/env bash
# Installs moto's server, which simulates many of AWS's services on one port, and prints the path of the program. Needs
# Python and pip.
# Usage: MOTO="$(bash scripts/moto.sh [directory])"
set -euo pipefail

version=5.2.5
directory="${1:-${TOOLS_DIR:-$(dirname "$0")/../.local}/moto-$version}"

if [ ! -e "$directory/.complete" ]; then
  rm -rf "$directory"
  python3 -m venv "$directory" >&2
  "$directory/bin/pip" install --quiet --disable-pip-version-check "moto[server,cloudformation]==$version" >&2
  touch "$directory/.complete"
fi
echo "$(cd "$directory" && pwd)/bin/moto_server"
