import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "@jest/globals";
import { sendRaw } from "../../harness/raw-client.ts";
import { createKey, serveJson } from "../../harness/issuer.ts";
import { useGateway } from "./gateway.ts";

const HOUR_MS = 3_600_000;
let now = Date.UTC(2026, 0, 1);
const options = {
  routes: [{ routeKey: "GET /", method: "GET", path: "/", functionName: "echo", scopes: [] }],
  clock: () => now,
};

const statusOf = async (fixture: ReturnType<typeof useGateway>, token: string): Promise<number> =>
  (await sendRaw(`${fixture.gateway.url}/`, { headers: { authorization: `Bearer ${token}` } })).status;

describe("the keys of an issuer", () => {
  const fixture = useGateway(options);
  const status = (token: string) => statusOf(fixture, token);
  /** Good for a day, so that only the key decides. */
  const token = () => fixture.token({ exp: now / 1000 + 86_400 });

  it("are fetched once, with the first tokens", async () => {
    expect(fixture.issuer.asked).toEqual({ discovery: 0, keySet: 0 });
    const one = await token();
    expect(await Promise.all([status(one), status(one), status(await token())])).toEqual([200, 200, 200]);
    expect(await status(one)).toBe(200);
    expect(fixture.issuer.asked).toEqual({ discovery: 1, keySet: 1 });
  });

  it("are kept for two hours, so that one which was withdrawn is good until then and no longer", async () => {
    const old = await token();
    fixture.issuer.key = await createKey();
    fixture.issuer.published = [fixture.issuer.key.published];
    now += 2 * HOUR_MS - 1;
    expect(await status(old)).toBe(200);
    now += 1;
    expect(await status(old)).toBe(401);
    expect(await status(await token())).toBe(200);
  });

  it("are fetched again for a token that names one which is not among them", async () => {
    const { asked } = fixture.issuer;
    const before = asked.keySet;
    fixture.issuer.key = await createKey();
    fixture.issuer.published = [...fixture.issuer.published, fixture.issuer.key.published];
    expect(await status(await token())).toBe(200);
    expect(await status(await token())).toBe(200);
    expect(asked.keySet).toBe(before + 1);
  });

  it("stay when they cannot be fetched again, but not for longer than two hours", async () => {
    const known = await token();
    const stranger = await fixture.token({}, {}, await createKey());
    fixture.issuer.discovery = (response) => response.writeHead(500).end();
    expect(await status(stranger)).toBe(401);
    expect(await status(known)).toBe(200);
    now += 2 * HOUR_MS;
    expect(await status(known)).toBe(401);
    fixture.issuer.discovery = serveJson;
    expect(await status(known)).toBe(200);
  });
});

type Serve = (response: ServerResponse, document: Readonly<Record<string, unknown>>) => unknown;

const MAX_KEY_SET_BYTES = 150_000;
const keySetOf =
  (sizeBytes: number): Serve =>
  (response, document) => {
    const text = JSON.stringify({ ...document, padding: "" });
    serveJson(response, { ...document, padding: "x".repeat(sizeBytes - text.length) });
  };

/** Sends a client to the same address once more, and serves the document then. */
const redirectOnce = (): Serve => {
  let isThere = false;
  return (response, document) => {
    if (isThere) serveJson(response, document);
    else response.writeHead(302, { location: response.req.url }).end();
    isThere = true;
  };
};

const REFUSED = [401, 'Bearer scope="" error="invalid_token" error_description="unable to verify the token"'];
const answerOf = async (fixture: ReturnType<typeof useGateway>) => {
  const headers = { authorization: `Bearer ${await fixture.token({})}` };
  const answer = await sendRaw(`${fixture.gateway.url}/`, { headers });
  return [answer.status, answer.headers["www-authenticate"]];
};

describe("an issuer", () => {
  const fixture = useGateway(options);

  afterEach(async () => {
    // A failure is not kept: as soon as the issuer is well again, its tokens are good.
    Object.assign(fixture.issuer, { discovery: serveJson, keySet: serveJson });
    expect(await answerOf(fixture)).toEqual([200, undefined]);
    now += 2 * HOUR_MS;
  });

  it.each<[string, { discovery?: Serve; keySet?: Serve }]>([
    ["has no discovery document", { discovery: (response) => response.writeHead(404).end() }],
    ["serves no JSON", { discovery: (response) => response.end("<html>") }],
    ["names no key set", { discovery: (response, { issuer }) => serveJson(response, { issuer }) }],
    [
      "says it is another",
      { discovery: (response, all) => serveJson(response, { ...all, issuer: "https://a.example" }) },
    ],
    ["redirects to its discovery document", { discovery: redirectOnce() }],
    ["has no key set", { keySet: (response) => response.writeHead(404).end() }],
    ["has a key set that is none", { keySet: (response) => serveJson(response, { keys: "none" }) }],
    ["redirects to its key set", { keySet: redirectOnce() }],
    ["has a key set of more than 150,000 bytes", { keySet: keySetOf(MAX_KEY_SET_BYTES + 1) }],
  ])("that %s lets nobody in", async (_fault, faults) => {
    Object.assign(fixture.issuer, faults);
    expect(await answerOf(fixture)).toEqual(REFUSED);
  });

  it("may have a key set of 150,000 bytes", async () => {
    Object.assign(fixture.issuer, { keySet: keySetOf(MAX_KEY_SET_BYTES) });
    expect(await answerOf(fixture)).toEqual([200, undefined]);
  });
});

describe("an issuer that takes too long", () => {
  const fixture = useGateway({ ...options, issuerTimeoutMs: 50 });

  it.each<[string, { discovery?: Serve; keySet?: Serve }]>([
    ["to begin its discovery document", { discovery: () => undefined }],
    ["to finish it", { discovery: (response) => response.write('{"issuer":') }],
    ["to send its key set", { keySet: () => undefined }],
  ])("%s lets nobody in", async (_fault, faults) => {
    Object.assign(fixture.issuer, { discovery: serveJson, keySet: serveJson }, faults);
    expect(await answerOf(fixture)).toEqual(REFUSED);
  });
});

describe.each(["", "/", "/realms/captions", "/oauth2/default/"])("an issuer whose path is '%s'", (issuerPath) => {
  const fixture = useGateway({ ...options, issuerPath });

  it("is found, with one slash before its well-known path", async () => {
    expect(await answerOf(fixture)).toEqual([200, undefined]);
  });
});
