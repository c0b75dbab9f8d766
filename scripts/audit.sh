#!/usr/bin/env bash
# Fails where a package that ships has a known weakness of severity high or worse.
# A registry without an audit service cannot be asked, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."

report="$(npm audit --omit=dev --audit-level=high --json 2>/dev/null)" && found=0 || found=$?
if ! node -e 'process.exit(JSON.parse(process.argv[1]).metadata ? 0 : 1)' "$report" 2>/dev/null; then
  echo "not audited: the registry has no audit service" >&2
  exit 0
fi
node -e 'console.log("known weaknesses:", JSON.stringify(JSON.parse(process.argv[1]).metadata.vulnerabilities))' "$report"
exit "$found"
