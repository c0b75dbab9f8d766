import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { request } from "node:http";
import { startUploadPage, type UploadPage } from "../../dev/web/server.ts";
import { useStack } from "../harness/stack.ts";

const local = useStack();

describe("the upload page's server", () => {
  let page: UploadPage;
  beforeAll(async () => {
    page = await startUploadPage(local.stack);
  });
  afterAll(() => page.close());

  /** `fetch` would set these headers itself. */
  const post = (path: string, headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const call = request(`${page.url}${path}`, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.on("error", reject).end();
    });

  it("gives tokens and sample jobs to the page", async () => {
    expect(await post("/local/token", { origin: page.url })).toBe(200);
    expect(await post("/local/jobs", { origin: page.url })).toBe(200);
  });

  it("gives none to other sites, nor to a name that leads to this machine", async () => {
    expect(await post("/local/token", { origin: "https://elsewhere.example" })).toBe(403);
    expect(await post("/local/token", {})).toBe(403);
    const rebound = { host: "rebound.example", origin: "http://rebound.example" };
    expect(await post("/local/token", rebound)).toBe(403);
  });

  it("makes no sample job with another fate than was meant", async () => {
    const refused = async (query: string) => {
      const response = await fetch(`${page.url}/local/jobs?${query}`, { method: "POST" });
      return [response.status, await response.json()];
    };
    expect(await refused("fates=rejects")).toEqual([400, { error: expect.stringMatching(/fates.*only one is fate/) }]);
    expect(await refused("fate=reject")).toEqual([400, { error: expect.stringMatching(/one of rejects, /) }]);
  });

  it("gives the page what looks into files as a file of its own, which only the first file needs", async () => {
    const code = await (await fetch(`${page.url}/page.js`)).text();
    const [, later = ""] = /import\("\.\/(preflight-\w+\.js)"\)/.exec(code) ?? [];
    const looking = await fetch(`${page.url}/${later}`);
    expect([looking.status, looking.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    // The notice of the package that is built in, as its licence asks for.
    const notice = /Vanilagy[^]*Mozilla Public/;
    expect([notice.test(await looking.text()), notice.test(code)]).toEqual([true, false]);
  });

  it("knows no secret of cielo24's: its files and its configuration hold none", async () => {
    const files = await Promise.all(
      ["/", "/page.js", "/page.css", "/config.json"].map(async (path) => (await fetch(page.url + path)).text()),
    );
    const { securekey, password } = local.stack.credentials;
    for (const secret of [securekey, password]) expect(files.join("\n").includes(secret)).toBe(false);
  });
});
