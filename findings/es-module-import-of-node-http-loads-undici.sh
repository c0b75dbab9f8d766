#!/usr/bin/env bash
# Node 24.21.0: an ES module that imports `node:http`, be it only for its default export, makes Node load the undici that is
# built in for `fetch` and `WebSocket`, although nothing uses either. To give an ES module its named exports, Node reads
# every property of the built-in module, and `WebSocket`, `CloseEvent` and `MessageEvent` of `node:http` are getters that
# load undici. `require` and `process.getBuiltinModule` read none of them. One import anywhere in a program is enough, also
# in a package's ES modules.
#
# What helps: bundle as CommonJS, so that no ES module imports `node:http`.
#
# Seen, of a process that has loaded nothing else: undici is loaded by `import http from "node:http"`, by
# `import { request } from "node:http"` and by `import "node:http"`; not by require, nor by getBuiltinModule, nor by
# `import https from "node:https"`.
#
# Needs Node 20 or newer and npm, which installs the Node to look at. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=24.21.0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact "node@$version" >&2

echo 'import http from "node:http";' >default.mjs
echo 'import { request } from "node:http";' >named.mjs
echo 'import "node:http";' >bare.mjs
echo 'import https from "node:https";' >https.mjs
echo 'require("node:http");' >require.cjs
echo 'process.getBuiltinModule("node:http");' >builtin.mjs

cat >look.mjs <<'JS'
const [file] = process.argv.slice(2);
const hasUndici = () => process.moduleLoadList.includes("NativeModule internal/deps/undici/undici");
const before = hasUndici();
const startedAt = performance.now();
await import(`./${file}`);
console.error(`${file}: ${(performance.now() - startedAt).toFixed(1)} ms`);
console.log(`${file}: undici ${before ? "loaded before" : hasUndici() ? "loaded" : "not loaded"}`);
JS
seen="$(for file in default.mjs named.mjs bare.mjs https.mjs require.cjs builtin.mjs; do npx --no-install node look.mjs "$file"; done)"
echo "Node $(npx --no-install node --version)"
echo "$seen"
expected="default.mjs: undici loaded
named.mjs: undici loaded
bare.mjs: undici loaded
https.mjs: undici not loaded
require.cjs: undici not loaded
builtin.mjs: undici not loaded"
[ "$seen" = "$expected" ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
