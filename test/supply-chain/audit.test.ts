import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { listen } from "../../dev/stack/listen.ts";
import { judgeAudit, parseAllowed, type AllowedAdvisories } from "../../scripts/supply-chain/audit.ts";

const NOW = Date.UTC(2026, 10, 30);
const ID = "GHSA-abcd-1234-wxyz";
const ADVISORY = {
  name: "valibot",
  title: "Says yes to everything",
  url: `https://github.com/advisories/${ID}`,
  severity: "high",
  range: "<2.0.0",
};
const report = (...via: (typeof ADVISORY)[]) => ({ vulnerabilities: { valibot: { via: ["other", ...via] } } });
const entry = {
  advisory: ID,
  package: "valibot",
  because: "the function in question is never called",
  until: "2027-01-31",
};
const judge = (
  via: (typeof ADVISORY)[],
  { allowed = [], shipped = ["valibot"] }: { allowed?: AllowedAdvisories; shipped?: string[] } = {},
) => judgeAudit(report(...via), allowed, { shipped: new Set(shipped), now: NOW });

describe("an audit", () => {
  it("finds nothing where nothing severe is known", () => {
    expect(judge([])).toEqual([]);
    expect(judge([{ ...ADVISORY, severity: "moderate" }])).toEqual([]);
  });

  it("names a severe advisory of a package that ships, and a critical one of a tool", () => {
    expect(judge([ADVISORY])).toEqual([`valibot <2.0.0, which ships: high, Says yes to everything (${ID})`]);
    expect(judge([ADVISORY], { shipped: [] })).toEqual([]);
    expect(judge([{ ...ADVISORY, severity: "critical" }], { shipped: [] })).toHaveLength(1);
  });

  it("lets through what is allowed, for that package, until its last day is over", () => {
    expect(judge([ADVISORY], { allowed: [entry] })).toEqual([]);
    expect(judge([ADVISORY], { allowed: [{ ...entry, until: "2026-11-30" }] })).toEqual([]);
    expect(judge([ADVISORY], { allowed: [{ ...entry, until: "2026-11-28" }] })).toEqual([
      `${ID} was allowed until 2026-11-28: decide again`,
    ]);
    expect(judge([ADVISORY], { allowed: [{ ...entry, package: "yaml" }] })).toHaveLength(2);
  });

  it("wants the list to be short: no entry that nothing needs, and none for years", () => {
    expect(judge([], { allowed: [entry] })).toEqual([
      `${ID} of valibot is allowed, and nothing has it: remove the entry`,
    ]);
    expect(judge([ADVISORY], { allowed: [{ ...entry, until: "2028-01-01" }] })).toEqual([
      `${ID} is allowed until 2028-01-01: at most half a year ahead`,
    ]);
  });

  it.each([
    { ...entry, because: "later" },
    { ...entry, until: "soon" },
    { ...entry, advisory: "CVE-2026-1" },
    { ...entry, reason: "misspelt" },
  ])("refuses the entry %j", (wrong) => {
    expect(() => parseAllowed(JSON.stringify([wrong]))).toThrow();
  });
});

describe("npm run check:packages", () => {
  let registry: Server;
  let url: string;
  let advisories: Record<string, object[]> | undefined;
  beforeAll(async () => {
    registry = createServer((request, response) => {
      void buffer(request).then((body) => {
        const isAsked = request.url === "/-/npm/v1/security/advisories/bulk" && advisories !== undefined;
        if (isAsked) expect(JSON.parse(gunzipSync(body).toString())).toHaveProperty("valibot");
        const isPackage = request.url === "/valibot";
        response.writeHead(isAsked || isPackage ? 200 : 404, { "content-type": "application/json" });
        const versions = { "1.5.0": { name: "valibot", version: "1.5.0" } };
        response.end(JSON.stringify(isAsked ? advisories : isPackage ? { name: "valibot", versions } : {}));
      });
    });
    url = `http://127.0.0.1:${await listen(registry)}`;
  });
  afterAll(() => {
    registry.close();
  });

  /** The program's end, and all that it printed. */
  const run = () =>
    new Promise<{ code: number; text: string }>((resolve) => {
      const env = { ...process.env, npm_config_registry: url };
      const child = execFile(process.execPath, ["scripts/audit.ts"], { env }, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, text: stdout + stderr });
      });
    });

  it("passes where the registry has no audit service, and says so", async () => {
    advisories = undefined;
    expect(await run()).toEqual({ code: 0, text: expect.stringContaining("not audited") });
  });

  it("passes where nothing is known", async () => {
    advisories = {};
    expect(await run()).toEqual({ code: 0, text: expect.stringMatching(/^\d+ packages ship; no weakness/) });
  });

  it("fails where a package that ships has a severe weakness, and names it", async () => {
    const { title, url: page, severity, range } = ADVISORY;
    advisories = { valibot: [{ id: 1, title, url: page, severity, vulnerable_versions: range }] };
    expect(await run()).toEqual({ code: 1, text: expect.stringContaining(`which ships: high`) });
  });
});
