import { beforeAll, describe, expect, it } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { chooseProxy } from "../../cli/http-proxy.ts";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { arrivedAt, makeMedia, MIB, sha256 } from "../client/media.ts";
import { useFolder } from "../harness/folder.ts";
import { useStack } from "../harness/stack.ts";
import { until } from "../harness/until.ts";
import { selfSigned } from "../lib/media/self-signed.ts";
import { startCommand, useCommandLine } from "./command-line.ts";
import { startProxy } from "./proxy-server.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const PASSWORD = "pass:word@7";
const CREDENTIALS = `alice:${PASSWORD}`;
const inUrl = `alice:${encodeURIComponent(PASSWORD)}`;

describe("which proxy leads to an address", () => {
  const proxyOf = (target: string, env: Record<string, string>) => chooseProxy(new URL(target), env)?.url.href;
  const ALL = {
    HTTPS_PROXY: "http://secure.example:3128",
    HTTP_PROXY: "http://plain.example:3128",
    ALL_PROXY: "http://all.example:3128",
  };

  it.each<[says: string, target: string, env: Record<string, string>, proxy: string | undefined]>([
    ["none by default", "https://a.example", {}, undefined],
    ["HTTPS_PROXY for https", "https://a.example", ALL, "http://secure.example:3128/"],
    ["HTTP_PROXY for http", "http://a.example", ALL, "http://plain.example:3128/"],
    ["ALL_PROXY for the rest", "https://a.example", { ALL_PROXY: ALL.ALL_PROXY }, "http://all.example:3128/"],
    ["the lower case first", "https://a.example", { ...ALL, https_proxy: "http://b.example" }, "http://b.example/"],
    ["one without a scheme", "https://a.example", { HTTPS_PROXY: "b.example:8080" }, "http://b.example:8080/"],
    ["one by TLS", "https://a.example", { HTTPS_PROXY: "https://b.example" }, "https://b.example/"],
    ["none where it is empty", "https://a.example", { HTTPS_PROXY: "", ALL_PROXY: "" }, undefined],
  ])("is %s", (_says, target, env, proxy) => {
    expect(proxyOf(target, env)).toBe(proxy);
  });

  it.each<[noProxy: string, target: string, isExempt: boolean]>([
    ["*", "https://a.example", true],
    ["example.org", "https://example.org", true],
    ["example.org", "https://captions.example.org", true],
    [".example.org", "https://captions.EXAMPLE.org", true],
    ["*.example.org", "https://captions.example.org", true],
    ["example.org", "https://myexample.org", false],
    ["localhost, example.org", "https://example.org", true],
    ["localhost example.org", "https://example.org", true],
    ["example.org:443", "https://example.org", true],
    ["example.org:8443", "https://example.org", false],
    ["example.org:8443", "https://example.org:8443", true],
    ["127.0.0.1", "http://127.0.0.1:4624", true],
    ["127.0.0.1:4624", "http://127.0.0.1:4624", true],
    ["10.0.0.0/8", "http://10.20.30.40", true],
    ["10.0.0.0/8", "http://11.20.30.40", false],
    ["10.0.0.0/99", "http://10.20.30.40", false],
    ["::1", "http://[::1]:4624", true],
    ["[::1]:4624", "http://[::1]:4624", true],
    ["[::1]:4625", "http://[::1]:4624", false],
    ["fd00::/8", "http://[fd12::1]", true],
    ["fd00::/8", "http://10.20.30.40", false],
    ["", "https://a.example", false],
  ])("is none where NO_PROXY is %j: %s (%s)", (noProxy, target, isExempt) => {
    expect(proxyOf(target, { ...ALL, NO_PROXY: noProxy }) === undefined).toBe(isExempt);
  });

  it("has its name and password in a header alone", () => {
    const proxy = chooseProxy(new URL("https://a.example"), { HTTPS_PROXY: `http://${inUrl}@b.example:8080` });
    expect(proxy?.authorization).toBe(`Basic ${Buffer.from(CREDENTIALS).toString("base64")}`);
    expect(proxy?.name).toBe("the HTTP proxy b.example:8080 (HTTPS_PROXY)");
    expect(proxy?.url.href).toBe("http://b.example:8080/");
  });

  it.each([
    ["socks5://alice:secret@b.example", /^HTTPS_PROXY names a socks5 proxy; only HTTP proxies can be used\.$/],
    ["http://alice:secret@:80:80", /^HTTPS_PROXY is no address of an HTTP proxy\.$/],
  ])("cannot be %s", (HTTPS_PROXY, says) => {
    expect(() => proxyOf("https://a.example", { HTTPS_PROXY })).toThrow(says);
  });
});

describe("cielo24-proxy behind an HTTP proxy", () => {
  const local = useStack();
  const { folder, environment } = useCommandLine(local);
  const media = makeMedia(11 * MIB);
  let file: string;
  beforeAll(async () => {
    file = folder.file("lecture.mp4");
    await writeFile(file, media);
  });
  const upload = (jobId: string, env: Record<string, string>) =>
    startCommand(["upload", file, "-j", jobId, "--part-size", "5"], { ...environment(), ...env });

  it("sends everything through it, with its name and password, and shows neither", async () => {
    await using proxy = await startProxy({ credentials: CREDENTIALS });
    const jobId = local.newJob();
    const env = { HTTP_PROXY: `http://${inUrl}@${proxy.host}` };
    const { code, stdout, stderr } = await upload(jobId, env).ended;
    expect(stdout).toContain("Delivered");
    expect(code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    const { apiUrl, s3ClientConfig } = local.stack;
    expect(proxy.asked).toContain(`POST ${apiUrl}/api/job/sign_upload`);
    expect(proxy.asked.filter((each) => each.startsWith(`PUT ${s3ClientConfig.endpoint}/`))).toHaveLength(3);
    expect(`${stdout}${stderr}`).not.toMatch(/alice|pass/);
  });

  it("goes past it where NO_PROXY says so", async () => {
    await using proxy = await startProxy();
    const env = { http_proxy: `http://${proxy.host}`, no_proxy: "127.0.0.1" };
    expect((await upload(local.newJob(), env).ended).code).toBe(0);
    expect(proxy.asked).toEqual([]);
  });

  it("says that the proxy wants another name and password, at once", async () => {
    await using proxy = await startProxy({ credentials: CREDENTIALS });
    const { code, stdout, stderr } = await upload(local.newJob(), { HTTP_PROXY: `http://alice:old@${proxy.host}` })
      .ended;
    expect(stderr).toContain(
      `The HTTP proxy ${proxy.host} (HTTP_PROXY) answers 407: it wants a name and a password, or`,
    );
    expect(stderr).toMatch(/\(HTTP_PROXY, 407\)\n {2}Check the HTTP proxy's address, name and password/);
    expect([code, stdout]).toEqual([5, ""]);
    expect(proxy.asked).toHaveLength(1);
    expect(stderr).not.toMatch(/alice|old/);
  });

  it("says that the proxy's address is none, before anything else", async () => {
    const { code, stderr } = await upload(local.newJob(), { HTTP_PROXY: "socks5://alice:old@127.0.0.1" }).ended;
    expect(stderr).toMatch(/HTTP_PROXY names a socks5 proxy[\s\S]*Give an address such as/);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/alice|old/);
  });

  it("names the proxy where it does not answer", async () => {
    const { code, stderr } = await startCommand(["status", JOB], {
      ...environment(),
      HTTP_PROXY: "http://127.0.0.1:1",
    }).ended;
    expect(stderr).toContain("No answer from the HTTP proxy 127.0.0.1:1 (HTTP_PROXY) (ECONNREFUSED).");
    expect(code).toBe(5);
  });
});

describe("cielo24-proxy behind an HTTP proxy, at https addresses", () => {
  const folder = useFolder();
  const media = makeMedia(11 * MIB);
  let certificate: { readonly key: string; readonly cert: string };
  let file: string;
  let trusted: string;
  beforeAll(async () => {
    certificate = selfSigned();
    file = folder.file("lecture.mp4");
    trusted = folder.file("trusted.pem");
    await writeFile(file, media);
    await writeFile(trusted, certificate.cert);
  });

  /** A stage and its store, on one address. */
  const startStage = async () => {
    const parts = new Map<string, Buffer>();
    const answer = (message: IncomingMessage, body: Buffer, url: string): object | string => {
      const { pathname, searchParams } = new URL(message.url ?? "", url);
      const part = searchParams.get("part") ?? "";
      if (pathname.endsWith("/delivery"))
        return { JobId: JOB, State: "DELIVERED", SentBytes: 0, Attempts: 1, UpdatedAt: "2026-01-01T00:00:00.000Z" };
      if (pathname.endsWith("/sign_upload")) {
        const { upload_id, part_number = "" } = JSON.parse(body.toString()) as Record<string, string | number>;
        const target = `${url}/store?part=${part_number}${upload_id === undefined ? "" : "&upload=u"}`;
        return { url: target, key: "k", headers: {}, expires_at: "2036-01-01T00:00:00.000Z" };
      }
      if (!searchParams.has("upload"))
        return "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
      if (part === "") return "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
      parts.set(part, body);
      return "";
    };
    const server = https.createServer(certificate, (message, response) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk: Buffer) => chunks.push(chunk));
      message.on("end", () => {
        const made = answer(message, Buffer.concat(chunks), url);
        response.setHeader("etag", '"e"');
        response.end(typeof made === "string" ? made : JSON.stringify(made));
      });
    });
    const url: string = `https://127.0.0.1:${await listen(server)}`;
    const stored = () => Buffer.concat([...parts].sort(([a], [b]) => Number(a) - Number(b)).map(([, bytes]) => bytes));
    return { url, stored, [Symbol.asyncDispose]: () => closeServer(server) };
  };

  const environment = (url: string, proxy: string) => ({
    CIELO24_PROXY_URL: url,
    CIELO24_PROXY_TOKEN: "the-token",
    XDG_STATE_HOME: folder.path,
    NODE_EXTRA_CA_CERTS: trusted,
    HTTPS_PROXY: proxy,
  });

  it("tunnels the API and the store through it, on connections that are used again", async () => {
    await using stage = await startStage();
    await using proxy = await startProxy({ credentials: CREDENTIALS });
    const words = ["upload", file, "-j", JOB, "--part-size", "5", "--parallel", "2"];
    const { code, stdout, stderr } = await startCommand(words, environment(stage.url, `${inUrl}@${proxy.host}`)).ended;
    expect(stderr).not.toMatch(/alice|pass/);
    expect(stdout).toContain("Delivered");
    expect(code).toBe(0);
    expect(sha256(stage.stored())).toBe(sha256(media));
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${new URL(stage.url).host}`]));
    // There are nine requests or more.
    expect(proxy.asked.length).toBeLessThanOrEqual(4);
  });

  it.each([
    [407, /answers 407: it wants a name and a password, or others\. \(HTTP_PROXY, 407\)/],
    [403, /answers 403: it does not connect to 127\.0\.0\.1:\d+\. \(HTTP_PROXY, 403\)/],
  ])("says that the proxy refuses with %i, at once", async (status, says) => {
    await using proxy = await startProxy({ answers: status });
    const { code, stderr } = await startCommand(["status", JOB], environment("https://127.0.0.1:1", proxy.host)).ended;
    expect(stderr).toMatch(says);
    expect(code).toBe(5);
    expect(proxy.asked).toEqual(["CONNECT 127.0.0.1:1"]);
  });

  it("ends at Ctrl-C though the proxy keeps it waiting", async () => {
    await using proxy = await startProxy({ answers: 0 });
    const running = startCommand(["status", JOB], environment("https://127.0.0.1:1", proxy.host));
    await until(() => proxy.asked.length > 0);
    running.signal("SIGINT");
    expect((await running.ended).code).toBe(130);
  });

  it("trusts no other certificate because of it", async () => {
    await using stage = await startStage();
    await using proxy = await startProxy();
    const env = { ...environment(stage.url, proxy.host), NODE_EXTRA_CA_CERTS: "" };
    const { code, stderr } = await startCommand(["status", JOB], env).ended;
    expect(stderr).toContain("(DEPTH_ZERO_SELF_SIGNED_CERT)");
    expect(code).toBe(5);
  });
});
