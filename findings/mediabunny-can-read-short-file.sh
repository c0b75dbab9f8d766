#!/usr/bin/env bash
# mediabunny 1.61.0 rejects `input.canRead()` with "Assertion failed." for a file of a few bytes that a CustomSource reads,
# instead of resolving to false: "Returns true if the format of the input file is known and the file can be read, false
# otherwise". A format asks for its first bytes before the file's size is known, so the request reaches behind the file. A
# BufferSource with the same bytes resolves to false. Whoever tells media from the rest by canRead has to take a rejection
# for false, too, or short text files count as a failure to read.
#
# Seen, for a text of 6 bytes: CustomSource "Assertion failed.", BufferSource false; of 600 bytes, both false.
#
# Needs Node 20 or newer and npm. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=1.61.0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --save-exact "mediabunny@$version" >/dev/null

cat >look.mjs <<'JS'
import { ALL_FORMATS, BufferSource, CustomSource, Input } from "mediabunny";

const ask = async (source) => {
  try {
    return String(await new Input({ formats: ALL_FORMATS.filter(({ name }) => !name.includes("HLS")), source }).canRead());
  } catch (error) {
    return error.message;
  }
};
for (const length of [6, 600]) {
  const bytes = new TextEncoder().encode("words\n".repeat(length / 6));
  const custom = new CustomSource({ getSize: () => length, read: (start, end) => bytes.slice(start, end) });
  console.log(`${length} bytes: CustomSource ${await ask(custom)}; BufferSource ${await ask(new BufferSource(bytes))}`);
}
JS
seen="$(node look.mjs)"
echo "mediabunny $version"
echo "$seen"
expected="6 bytes: CustomSource Assertion failed.; BufferSource false
600 bytes: CustomSource false; BufferSource false"
[ "$seen" = "$expected" ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
