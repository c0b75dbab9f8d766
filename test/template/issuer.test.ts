import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { fileURLToPath } from "node:url";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { checkIssuer } from "../../scripts/package/issuer.ts";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { useFolder } from "../harness/folder.ts";
import { selfSigned } from "../lib/media/self-signed.ts";

const PACKAGE = fileURLToPath(new URL("../../scripts/package.ts", import.meta.url));

/** An issuer on loopback; `answers` may change what a path answers. */
let server: Server;
let base: string;
let answers: Map<string, RequestListener>;
let key: JWK;

const json = (response: ServerResponse, value: unknown) => {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
};
const says =
  (value: unknown): RequestListener =>
  (_request, response) => {
    json(response, value);
  };
const DISCOVERY = "/.well-known/openid-configuration";
const ask = (issuerUrl = base, options = {}) => checkIssuer(issuerUrl, { mayBeHttp: true, ...options });

beforeEach(async () => {
  const { publicKey } = await generateKeyPair("RS256");
  key = { ...(await exportJWK(publicKey)), kid: "one" };
  answers = new Map([["/keys", says({ keys: [key] })]]);
  server = createServer((request, response) => {
    const answer = answers.get(request.url ?? "");
    if (answer) answer(request, response);
    else response.writeHead(404).end("<html>not here</html>");
  });
  base = `http://127.0.0.1:${await listen(server)}`;
  answers.set(DISCOVERY, says({ issuer: base, jwks_uri: `${base}/keys` }));
});
afterEach(() => closeServer(server));

describe("an issuer that API Gateway can use", () => {
  it("passes without a word", async () => {
    await expect(ask()).resolves.toEqual([]);
  });

  it("may have a path, and a slash at its end that is not doubled", async () => {
    const issuer = `${base}/realms/captions/`;
    answers.set(`/realms/captions${DISCOVERY}`, says({ issuer, jwks_uri: `${base}/keys` }));
    await expect(ask(issuer)).resolves.toEqual([]);
  });

  it("may have other keys beside the one that counts", async () => {
    answers.set(
      "/keys",
      says({
        keys: [
          { kty: "EC", kid: "e" },
          { ...key, use: "enc" },
          { ...key, use: "sig", alg: "RS256" },
        ],
      }),
    );
    await expect(ask()).resolves.toEqual([]);
  });

  it("may redirect, with a warning", async () => {
    answers.set(DISCOVERY, (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end());
    answers.set("/elsewhere", says({ issuer: base, jwks_uri: `${base}/keys` }));
    await expect(ask()).resolves.toEqual([expect.stringContaining(`redirected to ${base}/elsewhere`)]);
  });

  it("may be slower than API Gateway waits, with a warning: this machine may be far away", async () => {
    answers.set("/keys", (_request, response) =>
      setTimeout(() => {
        json(response, { keys: [key] });
      }, 1_600),
    );
    await expect(ask()).resolves.toEqual([
      expect.stringMatching(/^The issuer's key set took \d\.\d s to come here; API Gateway waits 1\.5 s\.$/),
    ]);
  });
});

describe("an issuer that API Gateway would refuse", () => {
  it("has another name: both are shown", async () => {
    answers.set(DISCOVERY, says({ issuer: "https://login.captions.test", jwks_uri: `${base}/keys` }));
    const error: unknown = await ask().catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        new RegExp(`issuerUrl: ${base}\\n +issuer: +https://login\\.captions\\.test \\(in ${base}${DISCOVERY}\\)$`),
      ),
    });
    expect(String(error)).not.toContain("slash");
  });

  it.each([
    ["lacks the slash", "/", ""],
    ["has a slash too many", "", "/"],
  ])("%s at its end: that is said", async (_what, ofIssuer, ofParameter) => {
    answers.set(DISCOVERY, says({ issuer: `${base}${ofIssuer}`, jwks_uri: `${base}/keys` }));
    await expect(ask(`${base}${ofParameter}`)).rejects.toThrow("Only the slash at the end differs");
  });

  it("differs in case alone", async () => {
    answers.set(`/Realm${DISCOVERY}`, says({ issuer: `${base}/realm`, jwks_uri: `${base}/keys` }));
    await expect(ask(`${base}/Realm`)).rejects.toThrow("character for character");
  });

  it.each<[string, RegExp, RequestListener]>([
    [
      "a page",
      /discovery document of issuerUrl at \S+ is no JSON object/,
      (_request, response) => response.end("<html>"),
    ],
    ["a list", /is no JSON object/, says([])],
    ["a 404", /cannot be read at \S+ \(HTTP 404\)/, (_request, response) => response.writeHead(404).end()],
    ["a broken connection", /cannot be read at \S+ \(UND_ERR_SOCKET\)/, (request) => request.socket.destroy()],
    ["nothing, for ever", /cannot be read at \S+ \(.*timeout\)/, () => undefined],
    [
      "no address of keys",
      /names no jwks_uri/,
      (_request, response) => {
        json(response, { issuer: base });
      },
    ],
    [
      "half an address of keys",
      /names no jwks_uri/,
      (_request, response) => {
        json(response, { issuer: base, jwks_uri: "/keys" });
      },
    ],
  ])("has as its discovery document %s", async (_what, message, answer) => {
    answers.set(DISCOVERY, answer);
    await expect(ask(base, { patienceMs: 500 })).rejects.toThrow(message);
  });

  it.each<[string, RegExp, (key: JWK) => unknown]>([
    ["no list", /has no RSA key with a kid/, () => ({})],
    ["no key", /has no RSA key with a kid/, () => ({ keys: [] })],
    ["a key without a kid", /has no RSA key with a kid/, (good) => ({ keys: [{ ...good, kid: undefined }] })],
    ["an elliptic curve", /has no RSA key with a kid/, () => ({ keys: [{ kty: "EC", kid: "one" }] })],
    ["a key for encryption", /has no RSA key with a kid/, (good) => ({ keys: [{ ...good, use: "enc" }] })],
    ["a key for another algorithm", /has no RSA key with a kid/, (good) => ({ keys: [{ ...good, alg: "RSA-OAEP" }] })],
    [
      "too many bytes",
      /has 1500\d\d bytes of keys; API Gateway takes 150000/,
      (good) => ({ keys: [good], x: "x".repeat(149_600) }),
    ],
  ])("has as its key set %s", async (_what, message, set) => {
    answers.set("/keys", says(set(key)));
    await expect(ask()).rejects.toThrow(message);
  });

  it("cannot be found", async () => {
    await closeServer(server);
    await expect(ask()).rejects.toThrow(
      /of issuerUrl cannot be read at \S+ \(ECONNREFUSED\)\. API Gateway asks for it from the internet/,
    );
  });

  it("is not https, or leads away from it", async () => {
    await expect(checkIssuer(base)).rejects.toThrow("which is not https");
  });
});

describe("npm run deploy", () => {
  const folder = useFolder();

  it.each<[string, (issuerUrl: string) => Record<string, string>, (issuerUrl: string) => string]>([
    ["calls itself otherwise", () => ({ issuer: "https://login.captions.test" }), (url) => `issuerUrl: ${url}\n`],
    [
      "has its keys on plain http",
      (issuer) => ({ issuer, jwks_uri: "http://127.0.0.1/keys" }),
      (url) => `The jwks_uri of ${url}${DISCOVERY} is not https`,
    ],
  ])("asks the issuer, and builds nothing where it %s", async (_what, discovery, message) => {
    const { key: tlsKey, cert } = selfSigned();
    await writeFile(folder.file("ca.pem"), cert);
    const issuer = createTlsServer({ key: tlsKey, cert }, (_request, response) => {
      json(response, discovery(issuerUrl));
    });
    const issuerUrl = `https://127.0.0.1:${await listen(issuer)}`;
    try {
      await copyFile(EXAMPLE_PARAMS, folder.file(EXAMPLE_PARAMS));
      await writeFile(folder.file("params.yml"), paramsWith(issuerUrl));
      const { code, stdout, stderr } = await deployIn(folder.path, { NODE_EXTRA_CA_CERTS: folder.file("ca.pem") });
      expect(stderr).toContain(message(issuerUrl));
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    } finally {
      await closeServer(issuer);
    }
  });
});

const paramsWith = (issuerUrl: string): string =>
  readFileSync(EXAMPLE_PARAMS, "utf8")
    .replace(/^ {2}issuerUrl: .*$/m, `  issuerUrl: ${issuerUrl}`)
    .replace(/^ {2}audience: .*$/m, "  audience: [captions]");

const deployIn = (cwd: string, env: Readonly<Record<string, string>>) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const args = [PACKAGE, "--deploy", "--stage", "dev"];
    execFile(process.execPath, args, { cwd, env: { PATH: "", ...env } }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
