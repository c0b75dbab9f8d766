#!/usr/bin/env bash
# Gets Amazon's DynamoDB Local and its native SQLite libraries by Maven and prints the directory that holds them.
# Usage: DYNAMODB_LOCAL="$(bash scripts/dynamodb-local.sh [directory])"
set -euo pipefail

version=2.6.1
directory="${1:-$(dirname "$0")/../.local/dynamodb-local-$version}"
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"

if [ ! -e "$directory/.complete" ]; then
  pom="$(mktemp -d)"
  trap 'rm -rf "$pom"' EXIT
  cat >"$pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
  mvn --batch-mode --quiet --file "$pom/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$directory" >&2
  touch "$directory/.complete"
fi
echo "$directory"
