#!/usr/bin/env bash
# Chromium 156 (Debian's): where a connection that an earlier request has used is reset before an answer, `fetch` sends a POST a
# second time by itself. The page made one request, and sees the answer to the second; the server has acted twice. A page that
# completes a multipart upload so gets S3's NoSuchUpload for its only request, although the object is there.
#
# What helps: do not count requests in the page to tell a repeated completion from a first one; ask what has arrived.
#
# Seen: over a used connection, 2 POSTs reach the server for one fetch, which resolves with the answer to the second. Over a
# new connection it is 1, and the fetch fails.
#
# Needs Node 20, npm and Chromium (Debian: apt-get install chromium), or CHROMIUM with its path. Exits with 1 where the
# behaviour has changed.
set -euo pipefail

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund playwright-core@1.65.1 >&2

cat >twice.mjs <<'END'
import { createServer } from "node:http";
import { chromium } from "playwright-core";

let posts = 0;
const server = createServer((request, response) => {
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>A page</title>");
    return;
  }
  posts += 1;
  request.resume().on("end", () => {
    // The first is taken, and its answer is lost.
    if (posts === 1) request.socket.resetAndDestroy();
    else response.writeHead(404).end();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto(url);

/** One POST by fetch. @returns its status, or "failed", and how many POSTs have come */
const post = async (isOverUsedConnection) => {
  posts = 0;
  if (isOverUsedConnection) await page.evaluate("fetch('/').then((response) => response.text())");
  else server.closeIdleConnections();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const ended = await page.evaluate(
    "fetch('/complete', { method: 'POST', body: 'x' }).then(({ status }) => status, () => 'failed')",
  );
  return `${ended}, ${posts} POST`;
};
const used = await post(true);
const fresh = await post(false);
console.log(`Chromium ${browser.version()}: over a used connection ${used}; over a new one ${fresh}`);
await browser.close();
server.closeAllConnections();
server.close();
process.exitCode = used === "404, 2 POST" && fresh === "failed, 1 POST" ? 0 : 1;
END
node twice.mjs
