import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { parse } from "node:path";
import type { Browser, Page } from "playwright-core";
import { readExamples } from "../client-pages/examples.ts";
import { installExamples, startBackend } from "../examples/backend.ts";
import { useFolder } from "../harness/folder.ts";
import { useStack } from "../harness/stack.ts";
import { launchChromium } from "./chromium.ts";
import { useFileOnDisk } from "./file-on-disk.ts";
import { smallFile } from "./person.ts";
import { holdPart } from "./store.ts";

/** The pages in `examples/` and in the README of the client, each with the backend of `examples/node/`. */

const MIB = 1024 * 1024;
const PATIENCE_MS = 120_000;
const UPPY = ["@uppy/core", "@uppy/dashboard", "@uppy/golden-retriever"];

const local = useStack();
const folder = useFolder();
const large = useFileOnDisk("conference.mp4", 40 * MIB);
let browser: Browser;
let page: Page;
let backend: Awaited<ReturnType<typeof startBackend>>;
let complaints: string[];

beforeAll(async () => {
  await installExamples(folder.path, [...UPPY, "react", "react-dom"]);
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** Bundles a page as its README says, and opens it. */
const open = async (...entryPoints: readonly string[]): Promise<void> => {
  const outdir = folder.file("page");
  await build({
    entryPoints: entryPoints.map((name) => ({ in: folder.file(name), out: parse(name).name })),
    bundle: true,
    format: "esm",
    loader: { ".html": "copy" },
    define: { "process.env.NODE_ENV": '"production"' },
    outdir,
    logLevel: "silent",
  });
  backend = await startBackend(local.stack, folder.path, outdir);
  await page.goto(backend.url);
};
beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", ({ message }) => complaints.push(message));
});
afterEach(async () => {
  await page.close();
  expect(complaints).toEqual([]);
  expect(await backend.close()).toBe("");
});

const sees = (selector: string, text: RegExp): Promise<void> =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();
const deliveries = () => local.cielo24.acceptances.length;

describe("examples/browser", () => {
  beforeEach(async () => {
    await open("examples/browser/page.ts", "examples/browser/index.html");
    await sees("#state", /Ready/);
  });

  it("uploads a file, and shows its TaskId", async () => {
    await page.locator("input").setInputFiles(smallFile("lecture.mp4"));
    await sees("#state", /^Delivered: [0-9a-f]{32}$/);
  });

  it("goes on with the same upload after a reload, when the file is chosen again", async () => {
    const before = deliveries();
    const { held } = await holdPart(page);
    await page.locator("input").setInputFiles(large.path);
    await held;
    await page.reload();
    await sees("#state", /Ready/);
    await page.locator("input").setInputFiles(large.path);
    await sees("#state", /^Delivered/);
    const jobId = local.cielo24.acceptances.at(-1)?.jobId ?? "";
    const begun = local.stack.s3.requests.filter(
      ({ operation, key }) => operation === "CreateMultipartUpload" && key.includes(jobId),
    );
    expect(begun).toHaveLength(1);
    expect(deliveries()).toBe(before + 1);
  });

  it("cancels", async () => {
    const { held } = await holdPart(page);
    await page.locator("input").setInputFiles(large.path);
    await held;
    await page.getByRole("button", { name: "Cancel" }).click();
    await sees("#state", /^Cancelled/);
  });
});

describe("examples/browser-uppy", () => {
  it("uploads several files, each for a job of its own, and shows their TaskIds", async () => {
    const before = deliveries();
    const files = ["page.ts", "page.css", "index.html"].map((name) => `examples/browser-uppy/${name}`);
    await open(...files);
    await page
      .locator(".uppy-Dashboard-input")
      .first()
      .setInputFiles([smallFile("a.mp4"), smallFile("b.mp4")]);
    await page.getByRole("button", { name: /^Upload 2 files$/ }).click();
    await sees("li", /^a\.mp4: delivered: [0-9a-f]{32}$/);
    await sees("li", /^b\.mp4: delivered: [0-9a-f]{32}$/);
    expect(deliveries()).toBe(before + 2);
  });
});

describe("the README of the client", () => {
  /** An application around an example, on the page of `examples/browser`. */
  const openWith = async (application: string): Promise<void> => {
    await mkdir(folder.file("readme"), { recursive: true });
    for (const { name, code } of readExamples("client/README.md"))
      await writeFile(folder.file(`readme/${name === "page.ts" ? "offer.ts" : name}`), code);
    await writeFile(folder.file("readme/page.tsx"), application);
    await open("readme/page.tsx", "examples/browser/index.html");
    await sees("#state", /Ready/);
  };
  const SESSION = `const { apiUrl, token } = await (await fetch("/session")).json();
    const createJob = async () => (await (await fetch("/jobs?name=lecture", { method: "POST" })).json()).jobId;
    const [input, button, state] = ["input", "button", "#state"].map((each) => document.querySelector(each));
    button.disabled = false;`;

  it("uploads from a page without a library", async () => {
    await openWith(`import { offerUpload } from "./offer.ts";
      ${SESSION}
      const say = (text) => { state.textContent = text; };
      offerUpload(input, button, { baseUrl: apiUrl, jobId: await createJob(), accessToken: async () => token, say });
      say("Ready");`);
    await page.locator("input").setInputFiles(large.path);
    await sees("#state", /^Delivered as [0-9a-f]{32}$/);
  });

  it("uploads from React, and shows how far it is", async () => {
    await openWith(`import { createElement, useEffect } from "react";
      import { createRoot } from "react-dom/client";
      import { createClient } from "cielo24-proxy/client";
      import { useUpload } from "./use-upload.ts";
      ${SESSION}
      const client = createClient({ baseUrl: apiUrl, token });
      const seen = new Set();
      const Upload = () => {
        const { upload, start } = useUpload(client);
        seen.add(upload.phase);
        useEffect(() => {
          input.onchange = async () => start(await createJob(), input.files[0]);
        }, [start]);
        return upload.phase === "idle" ? "Ready" : [...seen].join() + " " + (upload.delivery?.taskId ?? upload.message ?? "");
      };
      createRoot(state).render(createElement(Upload));`);
    await page.locator("input").setInputFiles(large.path);
    await sees("#state", /^idle,uploading,delivering,ended [0-9a-f]{32}$/);
  });

  it("says in React what is wrong", async () => {
    await openWith(`import { createElement, useEffect } from "react";
      import { createRoot } from "react-dom/client";
      import { createClient } from "cielo24-proxy/client";
      import { useUpload } from "./use-upload.ts";
      ${SESSION}
      const client = createClient({ baseUrl: apiUrl, token });
      const Upload = () => {
        const { upload, start } = useUpload(client);
        useEffect(() => {
          input.onchange = () => start("0".repeat(32), input.files[0]);
        }, [start]);
        return upload.phase === "idle" ? "Ready" : upload.phase + ": " + upload.message + " " + upload.nextStep;
      };
      createRoot(state).render(createElement(Upload));`);
    await page.locator("input").setInputFiles(smallFile("lecture.mp4"));
    await sees("#state", /^failed: No such job/);
  });

  it("uploads with Uppy", async () => {
    await openWith(`import { createUppy } from "./uppy.ts";
      ${SESSION}
      const uppy = createUppy(apiUrl, async () => token, createJob);
      uppy.on("cielo24-delivery", (_file, { state: of, taskId }) => { state.textContent = of + " " + taskId; });
      input.onchange = () => {
        const [data] = input.files;
        uppy.addFile({ name: data.name, type: data.type, data });
        void uppy.upload();
      };
      state.textContent = "Ready";`);
    await page.locator("input").setInputFiles(smallFile("lecture.mp4"));
    await sees("#state", /^DELIVERED [0-9a-f]{32}$/);
  });
});
