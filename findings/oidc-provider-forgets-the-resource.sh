#!/usr/bin/env bash
# oidc-provider 9.13.3 (Node): a client names the API (`resource`, RFC 8707) in its authorization request, with the scope
# `openid`, and exchanges the code without naming it again. It gets an opaque access token for the userinfo endpoint, not a
# JWT for the API that the user has just granted: 200, no error, no hint. The API refuses that token. Without `openid` the
# same two requests give the JWT. RFC 8707 (2.2) has the token request name a resource to narrow what was granted; many
# clients name it once.
#
# What helps: name `resource` in both requests, or set `features.resourceIndicators.useGrantedResource` to return true.
#
# Seen: openid, named once: opaque; openid, named twice: JWT; without openid, named once: JWT; openid, named once, with
# useGrantedResource: JWT.
#
# Needs Node 22 and npm. Exits with 1 where the behaviour has changed.
set -euo pipefail

version=9.13.3
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund "oidc-provider@$version" >&2

cat >try.js <<'JS'
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const API = "https://api.example";
const REDIRECT = "https://app.example/signed-in";
console.info = console.warn = () => {};

const attempt = async (useGrantedResource, scope, again) => {
  let provider;
  const server = createServer((request, response) => provider.callback()(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients: [{ client_id: "app", token_endpoint_auth_method: "none", redirect_uris: [REDIRECT] }],
    features: {
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => useGrantedResource,
        getResourceServerInfo: () => ({ scope: "read", accessTokenFormat: "jwt" }),
      },
    },
  });
  const verifier = "v".repeat(43);
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const ask = { response_type: "code", client_id: "app", redirect_uri: REDIRECT, scope, resource: API };
  let url = new URL(`/auth?${new URLSearchParams({ ...ask, code_challenge: challenge, code_challenge_method: "S256" })}`, issuer);
  const cookies = new Map();
  let form;
  while (!url.href.startsWith(REDIRECT)) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map((each) => each.join("=")).join("; ") },
      ...(form ? { method: "POST", body: form } : {}),
    });
    for (const each of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each);
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    const location = response.headers.get("location");
    const page = await response.text();
    form = location ? undefined : new URLSearchParams({ prompt: /name="prompt" value="(\w+)"/.exec(page)[1], login: "alice", password: "any" });
    url = new URL(location ?? /action="([^"]+)"/.exec(page)[1], url);
  }
  const response = await fetch(`${issuer}/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: "app",
      redirect_uri: REDIRECT,
      code: url.searchParams.get("code"),
      code_verifier: verifier,
      ...(again ? { resource: API } : {}),
    }),
  });
  const { access_token: token } = await response.json();
  server.close();
  server.closeAllConnections();
  return `${response.status} ${token.split(".").length === 3 ? "JWT" : "opaque"}`;
};

console.log("openid, named once:", await attempt(false, "openid read", false));
console.log("openid, named twice:", await attempt(false, "openid read", true));
console.log("without openid, named once:", await attempt(false, "read", false));
console.log("openid, named once, useGrantedResource:", await attempt(true, "openid read", false));
JS
echo "oidc-provider $version"
seen="$(node try.js)"
echo "$seen"
[ "$seen" = "openid, named once: 200 opaque
openid, named twice: 200 JWT
without openid, named once: 200 JWT
openid, named once, useGrantedResource: 200 JWT" ] && {
  echo "as described"
  exit 0
}
echo "the behaviour has changed" >&2
exit 1
