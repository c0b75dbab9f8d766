import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { startDocsPage, type DocsPage } from "../../dev/docs-page.ts";
import { findChromium, launchChromium } from "../browser/chromium.ts";
import { operations } from "./description.ts";

const isThere = (await findChromium()) !== undefined;

describe("the page of the API", () => {
  let page: DocsPage;
  beforeAll(async () => {
    page = await startDocsPage();
  });
  afterAll(() => page.close());

  it("answers, with everything that it asks for", async () => {
    const answer = await fetch(page.url);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const html = await answer.text();
    const asked = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path = ""]) => path);
    expect(asked).toEqual(expect.arrayContaining(["/redoc.js", "/show.js", "/openapi.yml"]));
    // What the script asks for.
    asked.push("/openapi.json");
    for (const path of asked) {
      const part = await fetch(new URL(path, page.url));
      expect([path, part.status, (await part.text()).length > 0]).toEqual([path, 200, true]);
    }
  });

  it("shows the description as it is in the repository", async () => {
    const shown = await (await fetch(new URL("/openapi.yml", page.url))).text();
    expect(shown).toBe(await readFile(new URL("../../docs/openapi.yml", import.meta.url), "utf8"));
  });

  it("asks for nothing from elsewhere", async () => {
    const answer = await fetch(page.url);
    expect(await answer.text()).not.toMatch(/https?:|"\/\//);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'self'/);
  });

  it("has no other files", async () => {
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/nothing"])
      expect((await fetch(new URL(path, page.url))).status).toBe(404);
  });
});

const API = "http://127.0.0.1:65000";

(isThere ? describe : describe.skip)("the page of the API in Chromium", () => {
  let page: DocsPage;
  let browser: Browser;
  beforeAll(async () => {
    [page, browser] = await Promise.all([startDocsPage(undefined, API), launchChromium()]);
  });
  afterAll(() => Promise.all([page.close(), browser.close()]));

  it.each([
    ["a telephone", 360],
    ["a desk", 1280],
  ])("shows every operation on %s, without an error or a request elsewhere", async (_name, width) => {
    const shown = await browser.newPage({ viewport: { width, height: 800 } });
    const complaints: string[] = [];
    shown.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    shown.on("pageerror", (error) => complaints.push(error.message));
    shown.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== new URL(page.url).origin) complaints.push(request.url());
    });
    await shown.goto(page.url);
    for (const { operationId } of operations)
      await shown.locator(`[id$="operation/${operationId}"]`).first().waitFor({ state: "attached" });
    expect(await shown.locator("body").innerText()).toContain("/api/job/sign_upload");
    const widest = await shown.evaluate<number>("document.documentElement.scrollWidth");
    expect(widest).toBeLessThanOrEqual(width);
    expect(complaints).toEqual([]);
    await shown.close();
  });

  it("shows a command for each way to call each operation, and the addresses of APIs", async () => {
    const shown = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await shown.goto(page.url);
    for (const { operationId, routeKey } of operations) {
      const operation = shown.locator(`[id$="operation/${operationId}"]`).first();
      await operation.waitFor({ state: "attached" });
      const tabs = operation.getByRole("tab", { name: /^curl|^Payload/ });
      expect([routeKey, await tabs.count()]).not.toEqual([routeKey, 0]);
      for (const tab of await tabs.all()) {
        await tab.click();
        const text = await operation.innerText();
        expect(text).not.toMatch(/No sample/i);
        if (/^curl/.test(await tab.innerText())) expect(text).toContain("curl -sS --fail-with-body");
      }
    }
    const text = await shown.locator("body").innerText();
    expect(text).toContain(API);
    expect(text).toContain("https://{api}.execute-api.{region}.amazonaws.com");
    expect(text).not.toMatch(/No sample/i);
    await shown.close();
  });
});
