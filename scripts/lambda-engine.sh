#!/usr/bin/env bash
# Builds what AWS publishes of Lambda, and prints the folder that holds it:
#   aws-lambda-rie                           the runtime interface emulator: Lambda's own side, with Go
#   node_modules/aws-lambda-ric/index.mjs    the Node runtime: takes invocations from it and calls the handler
# Takes two to four minutes on two cores, once. Needs Linux, Go, npm, and Debian's cmake, g++, make, python3 and xz-utils.
# Usage: LAMBDA_ENGINE="$(bash scripts/lambda-engine.sh [directory])"
set -euo pipefail
cd "$(dirname "$0")/.."

rie=v0.0.0-20261030222936-bef5c4ba774d
ric=4.0.2

if [ "$(uname -s)" != Linux ]; then
  echo "Lambda's engine runs on Linux alone" >&2
  exit 1
fi
missing=()
for tool in go npm cmake g++ make python3 xz; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Lambda's engine is built with ${missing[*]}, not found (Debian: apt-get install cmake g++ make python3 xz-utils)" >&2
  exit 1
fi

# The native part of the runtime is for one version of Node: the project's own.
export PATH="$PWD/node_modules/.bin:$PATH"
node="$(node -p 'fs.realpathSync(process.execPath)')"
directory="${1:-${TOOLS_DIR:-.local}}"
mkdir -p "$directory"
engine="$(cd "$directory" && pwd)/lambda-engine-${rie##*-}-$ric-node-$(node -p process.versions.modules)"

if [ ! -x "$engine/aws-lambda-rie" ]; then
  rm -rf "$engine"
  mkdir -p "$engine/building"
  npm_config_nodedir="$(dirname "$(dirname "$node")")" npm install --prefix "$engine" --silent --no-save --no-package-lock \
    --ignore-scripts=false "aws-lambda-ric@$ric" >&2
  GOFLAGS=-mod=mod GOBIN="$engine/building" CGO_ENABLED=0 \
    go install "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@$rie" >&2
  mv "$engine/building/aws-lambda-rie" "$engine/"
  rmdir "$engine/building"
fi
echo "$engine"
