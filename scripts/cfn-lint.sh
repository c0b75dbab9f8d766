#!/usr/bin/env bash
# Lints the packaged templates of both stages with cfn-lint, which it installs below .local/ (needs Python and pip).
# Package both stages first: npm run package -- --stage dev, and prod. Or name other folders of dist/.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=1.58.0
venv=".local/cfn-lint-$VERSION"
if [ ! -x "$venv/bin/cfn-lint" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$VERSION"
fi

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(dev prod)
# W3005: the framework writes dependencies that a reference implies.
for stage in "${stages[@]}"; do
  "$venv/bin/cfn-lint" --ignore-checks W3005 --template "dist/$stage/cloudformation-template-update-stack.json"
  echo "cfn-lint: the template of $stage passed"
done
