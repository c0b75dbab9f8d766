#!/usr/bin/env bash
# @uppy/core 6.3.1: once the browser says that it is offline, Uppy shows the notice "No Internet connection" with a duration of
# 0, as one that is to stay until the network is back. But a duration of 0 takes it away at once: `info()` hands it to
# setTimeout as it is. Nobody can read it; that the network is back is then shown for three seconds.
#
# What helps: an own sign that follows the events `is-offline` and `back-online`, or the browser's.
#
# Seen: right after the event there is the notice, 100 ms later there is none, while the browser is still offline.
#
# Needs Node 20 and npm. Exits with 1 where the behaviour has changed.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @uppy/core@6.3.1 >&2

cat >offline.mjs <<'END'
// All that Uppy asks of a browser here: the events, and whether it is online.
globalThis.window = Object.assign(new EventTarget(), { navigator: { onLine: true } });
const { default: Uppy } = await import("@uppy/core");
const uppy = new Uppy();
const notices = () => uppy.getState().info.map(({ message }) => message);

window.navigator.onLine = false;
window.dispatchEvent(new Event("offline"));
const atOnce = notices();
await new Promise((resolve) => setTimeout(resolve, 100));
const later = notices();
console.log(`@uppy/core ${Uppy.VERSION}: at once ${JSON.stringify(atOnce)}, 100 ms later ${JSON.stringify(later)}`);
process.exit(atOnce.length === 1 && later.length === 0 ? 0 : 1);
END
node offline.mjs
