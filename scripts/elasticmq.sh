#!/usr/bin/env bash
# Gets ElasticMQ, a server that speaks SQS, by Maven and prints the directory that holds its libraries. It needs Java to run.
# Usage: ELASTICMQ="$(bash scripts/elasticmq.sh [directory])"
set -euo pipefail

version=1.6.16
directory="${1:-${TOOLS_DIR:-$(dirname "$0")/../.local}/elasticmq-$version}"
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"

if [ ! -e "$directory/.complete" ]; then
  pom="$(mktemp -d)"
  trap 'rm -rf "$pom"' EXIT
  # The server leaves one of its libraries to whoever packs it; elasticmq-rest-sqs names them all.
  cat >"$pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>elasticmq</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-server_2.13</artifactId>
      <version>$version</version>
    </dependency>
    <dependency>
      <groupId>org.elasticmq</groupId>
      <artifactId>elasticmq-rest-sqs_2.13</artifactId>
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
