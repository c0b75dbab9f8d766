#!/usr/bin/env bash
# Makes cielo24's clients in Python and JavaScript by the generator that cielo24 uses (OpenAPI Generator 6.0), installs what
# they need, and prints the directory that holds them. Needs Java, Maven, Python and npm.
# Usage: CIELO24_CLIENTS="$(bash scripts/cielo24-clients.sh [directory])"
set -euo pipefail

version=6.0.0
project="$(cd "$(dirname "$0")/.." && pwd)"
description="$project/test/contracts/cielo24-clients/description.yml"
directory="${1:-${TOOLS_DIR:-$project/.local}/cielo24-clients-$version}"

# Made anew once the description has changed.
if ! cmp -s "$description" "$directory/.made-of.yml"; then
  rm -rf "$directory"
  mkdir -p "$directory/node_modules/cielo24"
  directory="$(cd "$directory" && pwd)"
  {
    mvn --batch-mode --quiet dependency:copy \
      -Dartifact="org.openapitools:openapi-generator-cli:$version" -DoutputDirectory="$directory"
    for language in python javascript; do
      java -jar "$directory/openapi-generator-cli-$version.jar" generate \
        -i "$description" -g "$language" -o "$directory/$language" \
        --additional-properties=packageName=cielo24,packageVersion=1.0.0,projectName=cielo24
    done

    python3 -m venv "$directory/venv"
    "$directory/venv/bin/pip" install --quiet --disable-pip-version-check urllib3==2.8.0 python-dateutil==2.9.0.post0
    npm install --silent --no-save --no-audit --no-fund --prefix "$directory" superagent@5.3.1 querystring@0.2.1
    # The package's own build wants Babel, for a dialect that esbuild knows.
    mkdir -p "$directory/node_modules/cielo24"
    "$project/node_modules/.bin/esbuild" "$directory/javascript/src/index.js" --bundle --platform=node \
      --outfile="$directory/node_modules/cielo24/index.js"
  } >&2
  cp "$description" "$directory/.made-of.yml"
fi
(cd "$directory" && pwd)
