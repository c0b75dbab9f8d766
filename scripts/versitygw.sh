#!/usr/bin/env bash
# Builds versitygw, an S3 server on a file system, with Go and prints the path of the binary.
# Usage: VERSITYGW="$(bash scripts/versitygw.sh [directory])"
set -euo pipefail

version=v1.8.0
directory="${1:-${TOOLS_DIR:-$(dirname "$0")/../.local}/bin}"
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"
binary="$directory/versitygw-$version"

if [ ! -x "$binary" ]; then
  building="$(mktemp -d "$directory/building-XXXXXX")"
  trap 'rm -rf "$building"' EXIT
  GOBIN="$building" CGO_ENABLED=0 go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2
  mv "$building/versitygw" "$binary"
fi
echo "$binary"
