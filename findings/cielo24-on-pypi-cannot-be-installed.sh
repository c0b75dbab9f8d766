#!/usr/bin/env bash
# The package `cielo24` on PyPI, 1.0.15, cannot be installed: its setup.py asks setuptools for `use_2to3`, which setuptools 58
# (2021) took out, and there is no wheel. pip builds with a new setuptools of its own, whatever is installed.
#
# Seen: "error in cielo24 setup command: use_2to3 is invalid."
#
# Needs Python 3. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=1.0.15
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
if "$work/venv/bin/pip" install --disable-pip-version-check --no-cache-dir "cielo24==$version" >"$work/log" 2>&1; then
  echo "installed: the behaviour has changed" >&2
  exit 1
fi
echo "cielo24 $version"
grep -m 1 "use_2to3 is invalid" "$work/log" && {
  echo "as described"
  exit 0
}
cat "$work/log" >&2
echo "the behaviour has changed" >&2
exit 1
