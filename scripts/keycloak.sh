#!/usr/bin/env bash
# Gets Keycloak by Maven and prints its folder. It needs Java 17 to run.
# Usage: KEYCLOAK="$(bash scripts/keycloak.sh [directory])"
set -euo pipefail

version=26.0.7
directory="${1:-$(dirname "$0")/../.local}"
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"
home="$directory/keycloak-$version"

if [ ! -e "$home/.complete" ]; then
  rm -rf "$home"
  pom="$(mktemp -d)"
  trap 'rm -rf "$pom"' EXIT
  cat >"$pom/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>keycloak</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.keycloak</groupId>
      <artifactId>keycloak-quarkus-dist</artifactId>
      <version>$version</version>
      <type>zip</type>
      <exclusions>
        <exclusion>
          <groupId>*</groupId>
          <artifactId>*</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
  </dependencies>
</project>
POM
  # The zip's own root is keycloak-<version>/.
  mvn --batch-mode --quiet --file "$pom/pom.xml" dependency:unpack-dependencies -DoutputDirectory="$directory" >&2
  # Maven unpacks no permissions.
  chmod +x "$home"/bin/*.sh
  touch "$home/.complete"
fi
echo "$home"
