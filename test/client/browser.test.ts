import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { build } from "esbuild";
import { createServer, type Server } from "node:http";
import type { Browser, Page } from "playwright-core";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import type * as ClientModule from "../../client/index.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";
import { useStack } from "../harness/stack.ts";
import { countStored, MIB, PART_BYTES, SCOPE } from "./media.ts";

const SIZE = 2 * PART_BYTES + 100_000;
const isThere = (await findChromium()) !== undefined;

/** The global through which a page uses the client. */
declare const proxy: typeof ClientModule;

(isThere ? describe : describe.skip)("the client in Chromium", () => {
  const local = useStack({ env: { MAX_MEDIA_BYTES: String(20 * MIB) } });
  let browser: Browser;
  let server: Server;
  let page: Page;
  let token: string;

  beforeAll(async () => {
    const bundle = await build({
      entryPoints: ["client/index.ts"],
      bundle: true,
      write: false,
      format: "iife",
      globalName: "proxy",
      target: "es2022",
    });
    const script = bundle.outputFiles[0]?.text ?? "";
    server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!doctype html><title>client</title><script>${script}</script>`);
    });
    const port = await listen(server);
    token = await local.stack.token({ sub: "alice", scope: SCOPE });
    browser = await launchChromium();
    page = await browser.newPage();
    // Chromium reports progress every 50 ms; unthrottled, a part would be sent before that.
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    await network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 20 * MIB,
    });
    await page.goto(`http://127.0.0.1:${port}/`);
  });
  afterAll(async () => {
    await browser.close();
    await closeServer(server);
  });

  /** The arguments for the page. */
  const told = (jobId: string) => ({ baseUrl: local.stack.apiUrl, token, jobId, size: SIZE, partBytes: PART_BYTES });
  const newJob = () => local.stack.cielo24?.addJob() ?? "";

  it("uploads in parts, tells what of each is out, and waits for the delivery", async () => {
    const jobId = newJob();
    const { progress, state } = await page.evaluate(async ({ size, partBytes, ...options }) => {
      const client = proxy.createClient(options);
      const progress: number[] = [];
      await client.uploadMedia({
        jobId: options.jobId,
        source: new File([new Uint8Array(size)], "Lecture 1.mp4", { type: "video/mp4" }),
        partBytes,
        onProgress: ({ sentBytes }) => progress.push(sentBytes),
      });
      return { progress, state: (await client.waitForDelivery({ jobId: options.jobId })).state };
    }, told(jobId));
    expect(state).toBe("DELIVERED");
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(SIZE);
    // Also within parts.
    expect(progress.some((bytes) => ![0, 100_000].includes(bytes % PART_BYTES))).toBe(true);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
  });

  it("ends at once when it is told to, and goes on with what is missing", async () => {
    const jobId = newJob();
    const { error, kept } = await page.evaluate(async ({ size, partBytes, ...options }) => {
      const ending = new AbortController();
      let kept: ClientModule.UploadState | undefined;
      const error: unknown = await proxy
        .createClient(options)
        .uploadMedia({
          jobId: options.jobId,
          source: new Blob([new Uint8Array(size)]),
          partBytes,
          parallelParts: 1,
          signal: ending.signal,
          onState: (state) => {
            kept = state;
          },
          onProgress: ({ sentBytes, storedBytes }) => {
            if (sentBytes > storedBytes && storedBytes > 0) ending.abort("enough");
          },
        })
        .catch((reason: unknown) => reason);
      return { error, kept };
    }, told(jobId));
    expect(error).toBe("enough");
    // It ended in the middle of the second, which was not stored.
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(1);

    const state = await page.evaluate(
      async ({ size, partBytes, resume, ...options }) => {
        const client = proxy.createClient(options);
        const source = new Blob([new Uint8Array(size)]);
        await client.uploadMedia({ jobId: options.jobId, source, partBytes, resume });
        return (await client.waitForDelivery({ jobId: options.jobId })).state;
      },
      { ...told(jobId), resume: kept },
    );
    expect(state).toBe("DELIVERED");
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
  });

  it("repeats what the store, or the network, failed at", async () => {
    const jobId = newJob();
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "reset" });
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "slowDown" });
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "accessDenied" });
    const state = await page.evaluate(async ({ size, partBytes, ...options }) => {
      const client = proxy.createClient({ ...options, repeats: { sleep: () => Promise.resolve() } });
      const source = new Blob([new Uint8Array(size)]);
      await client.uploadMedia({ jobId: options.jobId, source, partBytes, parallelParts: 1 });
      return (await client.waitForDelivery({ jobId: options.jobId })).state;
    }, told(jobId));
    expect(state).toBe("DELIVERED");
  });

  it("waits for as long as the API asks, whose Retry-After another origin gets to see", async () => {
    for (const action of ["GetItem", "UpdateItem"])
      local.stack.aws.faults.add({ action, kind: "unavailable", times: 10 });
    const pauses = await page.evaluate(async (options) => {
      const pauses: number[] = [];
      const sleep = (ms: number) => {
        pauses.push(ms);
        return Promise.resolve();
      };
      const client = proxy.createClient({ ...options, repeats: { patienceMs: 60_000, sleep } });
      await client.getDelivery({ jobId: options.jobId }).catch(() => undefined);
      return pauses;
    }, told(newJob()));
    local.stack.aws.faults.clear();
    expect(pauses).toEqual([30_000]);
  });

  it("says in words why it is refused", async () => {
    const failure = await page.evaluate(
      async (options) => {
        const client = proxy.createClient(options);
        const upload = client.uploadMedia({ jobId: options.jobId, source: new Blob(["m\0dia"]) });
        return upload.catch((error: unknown) =>
          error instanceof proxy.ProxyError ? [error.status, error.errorType, error.nextStep] : error,
        );
      },
      { ...told(newJob()), token: "no.such.token" },
    );
    expect(failure).toEqual([401, "UNAUTHORIZED", expect.stringMatching(/new token/)]);
  });
});
