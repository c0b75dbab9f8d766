#!/usr/bin/env bash
# Gets Keycloak by Maven and prints its folder. It needs Java 17 to run.
# Usage: KEYCLOAK="$(bash scripts/keycloak.sh [directory])"
set -euo pipefail

version=26.0.7
directory="${1:-${TOOLS_DIR:-$(dirname "$0")/../.local}}"
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"
home="$directory/keycloak-$version"

if [ ! -e "$home/.complete" ]; then
  rm -rf "$home"
  # Maven leaves its notes in the folder that it runs in. The zip's own root is keycloak-<version>/.
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  (
    cd "$work"
    mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
      -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:zip" -DoutputDirectory="$directory" >&2
  )
  # Maven unpacks no permissions.
  chmod +x "$home"/bin/*.sh
  touch "$home/.complete"
fi
echo "$home"
