#!/usr/bin/env bash
# Lints the packaged templates, and those in examples/aws/, with cfn-lint, checkov and cfn-guard, each with all of its rules,
# and holds what they find to the list in docs/security.md. Package first: npm run package -- --stage dev, and prod. Or name other folders of dist/.
# Installs the tools below .local/ or TOOLS_DIR (needs Python with pip, and npm); --install does nothing else.
#
# cfn-guard comes with AWS Control Tower's rules, in an npm package of AWS's. AWS's other set, the rules registry, is in no
# package. REGISTRY=<a clone of github.com/aws-cloudformation/aws-guard-rules-registry> adds it.
set -euo pipefail
cd "$(dirname "$0")/.."

CFN_LINT=1.58.0
CHECKOV=3.3.30
GUARD=0.0.62

tools="${TOOLS_DIR:-.local}"
mkdir -p "$tools"
venv="$(cd "$tools" && pwd)/lint-$CFN_LINT-$CHECKOV"
if [ ! -e "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$CFN_LINT" "checkov==$CHECKOV"
  touch "$venv/complete"
fi

guard="$(cd "$tools" && pwd)/cfn-guard-$GUARD"
if [ ! -e "$guard/package/complete" ]; then
  rm -rf "$guard"
  mkdir -p "$guard"
  # As a package it would bring the CDK along.
  npm pack --silent --pack-destination "$guard" "@cdklabs/cdk-validator-cfnguard@$GUARD" >/dev/null
  tar -xzf "$guard"/*.tgz -C "$guard"
  touch "$guard/package/complete"
fi
system=ubuntu
[ "$(uname -s)" != Darwin ] || system=macos
processor="$(uname -m)"
guard_bin="$guard/package/bin/$system/${processor/arm64/aarch64}/cfn-guard"

[ "${1:-}" != --install ] || exit 0

stages=("$@")
[ ${#stages[@]} -gt 0 ] || stages=(dev prod)
out=dist/lint
rm -rf "$out"
mkdir -p "$out"

# A tool fails if it finds anything. What of that is in the list is decided below, where a report that is no JSON fails.
may_find() { "$@" || true; }
for name in "${stages[@]}" examples/aws/*.yml; do
  template="dist/$name/cloudformation-template-update-stack.json"
  [ "${name#examples/}" = "$name" ] || template="$name"
  [ -e "$template" ] || { echo "$template is missing: package the stage first" >&2; exit 1; }
  name="$(basename "$name" .yml)"
  may_find "$venv/bin/cfn-lint" --include-checks I --include-experimental --format json --template "$template" \
    >"$out/$name.cfn-lint.json" &
  may_find "$venv/bin/checkov" --framework cloudformation --file "$template" --skip-download --quiet --compact \
    --output json >"$out/$name.checkov.json" &
  validate=("$guard_bin" validate --data "$template" --structured --output-format json --show-summary none)
  may_find "${validate[@]}" --rules "$guard/package/rules/control-tower/cfn-guard" >"$out/$name.control-tower.json"
  [ -z "${REGISTRY:-}" ] || may_find "${validate[@]}" --rules "$REGISTRY/rules/aws" >"$out/$name.registry.json"
  wait
done
node_modules/.bin/node scripts/lint-templates.ts "$out"
