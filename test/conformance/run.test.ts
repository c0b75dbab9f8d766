import { describe, expect, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { DEFAULT_FACTS, readFacts, type Facts } from "../../dev/cielo24/facts.ts";
import { startCielo24, type Cielo24Simulator } from "../../dev/cielo24/server.ts";
import { describeOnTerminal, startScriptOnTerminal } from "../cli/terminal.ts";
import { makeFolder } from "../harness/folder.ts";
import { until } from "../harness/until.ts";
import { askSimulator, newAccount } from "./asking.ts";
import { freePort } from "./free-port.ts";
import { startConformance } from "./program.ts";

/** A simulated cielo24 that does what the facts say, a folder, and what the program is called with. */
const prepare = async (facts?: Facts) => {
  await using open = new AsyncDisposableStack();
  const owner = newAccount();
  const simulator = await startCielo24({ accounts: [owner], ...(facts ? { facts } : {}) });
  open.defer(simulator.close);
  const folder = open.use(await makeFolder());
  const env = { CIELO24_USERNAME: owner.username, CIELO24_SECUREKEY: owner.securekey };
  const args = ["--base", simulator.url, "--out", folder.file("facts.json")];
  const kept = open.move();
  return {
    owner,
    simulator,
    folder,
    env,
    args,
    ask: (more: readonly string[], otherEnv: Readonly<Record<string, string>> = env) =>
      startConformance([...args, ...more], otherEnv, folder.path),
    report: () => readFile(folder.file("facts.md"), "utf8"),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
};

/** What must show nowhere. */
const secretsOf = ({ issuedTokens }: Cielo24Simulator, owner: ReturnType<typeof newAccount>) => [
  owner.securekey,
  owner.password,
  ...issuedTokens,
];

describe("npm run conformance", () => {
  it("asks everything, writes facts that make the same simulated cielo24, and a report, and deletes its jobs", async () => {
    await using cielo24 = await prepare();
    const port = await freePort();
    const served = ["--media-url", `http://127.0.0.1:${port}/media`, "--serve", String(port)];
    const { code, printed } = await cielo24.ask(["--yes", ...served]).ended;
    expect(printed).toContain("They make up to 19 jobs, and send media of 8 KB ");
    expect(printed).toContain("22 as assumed, 0 other than assumed, 1 not answered");
    expect(printed).toContain("token-life                         not answered: it takes an hour: --long");
    expect(printed).toContain("All of them are deleted.");
    expect(code).toBe(0);
    expect(cielo24.simulator.jobs.size).toBe(0);

    const { baseUrl, date, facts } = await readFacts(cielo24.folder.file("facts.json"));
    expect([baseUrl, Date.parse(date) <= Date.now()]).toEqual([cielo24.simulator.url, true]);
    const { tokenLifeMs, ...found } = DEFAULT_FACTS;
    expect(tokenLifeMs).toBe(3_600_000);
    expect(facts).toEqual(found);
    expect((await askSimulator({ facts })).facts).toEqual({ ...facts, tokenLifeMs });

    const report = await cielo24.report();
    expect(report).toContain(`# What ${baseUrl} did on ${date.slice(0, 10)}`);
    expect(report).toContain(
      "## cut-short: as assumed\n\nWhat becomes of a body that ends before its Content-Length?\n",
    );
    expect(report).toContain("- Answer: it is refused (no response), and the job is free\n");
    const written = report + printed + (await readFile(cielo24.folder.file("facts.json"), "utf8"));
    for (const secret of secretsOf(cielo24.simulator, cielo24.owner)) expect(written).not.toContain(secret);
  });

  it("ends with 1 and says what to change if cielo24 does otherwise", async () => {
    await using cielo24 = await prepare({ bodyCutShort: "accepted" });
    const { code, printed } = await cielo24.ask(["--yes", "--only", "cut-short"]).ended;
    expect(printed).toMatch(/FAIL +cut-short +it is taken for the media\n +to change: .*set deliveryMode to "url"/);
    expect(code).toBe(1);
    expect(await cielo24.report()).toContain("## cut-short: other than assumed");
    expect((await readFacts(cielo24.folder.file("facts.json"))).facts).toMatchObject({ bodyCutShort: "accepted" });
  });

  it("takes a password or a token in place of the key", async () => {
    await using cielo24 = await prepare();
    const { username, password } = cielo24.owner;
    const only = ["--yes", "--only", "login", "--only", "unknown-parameter"];
    const byPassword = await cielo24.ask(only, { CIELO24_USERNAME: username, CIELO24_PASSWORD: password }).ended;
    expect(byPassword).toMatchObject({ code: 0, printed: expect.stringContaining("2 as assumed") as unknown });
    const token = cielo24.simulator.issuedTokens[0] ?? "";
    const other = ["--out", cielo24.folder.file("other.json")];
    const byToken = await cielo24.ask([...only, ...other], { CIELO24_API_TOKEN: token }).ended;
    expect(byToken.printed).toContain("not answered: it needs CIELO24_USERNAME");
    expect(byToken.printed).toContain("1 as assumed, 0 other than assumed, 1 not answered");
    expect(byToken.code).toBe(0);
  });

  it("writes what is known at Ctrl-C, and names the jobs that it has made", async () => {
    await using cielo24 = await prepare({ mediaShownAfterMs: 3_600_000 });
    const only = ["login", "unknown-parameter", "media-shown", "job-info"].flatMap((id) => ["--only", id]);
    const running = cielo24.ask(["--yes", ...only]);
    await until(() => cielo24.simulator.acceptances.length > 0);
    running.interrupt();
    const { code, printed } = await running.ended;
    expect(printed).toContain("Ending, and writing what is known.");
    expect(printed).toContain("2 as assumed, 0 other than assumed, 2 not answered");
    for (const jobId of cielo24.simulator.jobs.keys()) expect(printed).toContain(`${jobId}  cielo24-proxy conformance`);
    expect(printed).toContain("GET /api/job/delete");
    expect(code).toBe(130);
    expect((await readFacts(cielo24.folder.file("facts.json"))).facts).toEqual({ unknownParameter: "accepted" });
    expect(await cielo24.report()).toContain("- Not answered: it was ended before\n");
  });

  it("makes nothing where there is no terminal to ask at, unless --yes agrees", async () => {
    await using cielo24 = await prepare();
    const { code, printed } = await cielo24.ask([]).ended;
    expect(printed).toContain("there is no terminal to ask at. Agree with --yes.");
    expect(code).toBe(2);
    expect([cielo24.simulator.jobs.size, cielo24.simulator.logins()]).toEqual([0, 0]);
  });

  it("overwrites no file", async () => {
    await using cielo24 = await prepare();
    await writeFile(cielo24.folder.file("facts.json"), "mine");
    const { code, printed } = await cielo24.ask(["--yes"]).ended;
    expect([code, printed]).toEqual([2, expect.stringContaining("is there already. Name another file with --out.")]);
    expect(cielo24.simulator.logins()).toBe(0);
  });

  it.each<[string, Readonly<Record<string, string>>, number, string]>([
    ["no credentials", {}, 2, "Set CIELO24_USERNAME with CIELO24_SECUREKEY or CIELO24_PASSWORD, or CIELO24_API_TOKEN."],
    ["a wrong key", { CIELO24_USERNAME: "someone", CIELO24_SECUREKEY: "0".repeat(32) }, 3, "400 LOGIN_INVALID"],
    ["a wrong token", { CIELO24_API_TOKEN: "0".repeat(32) }, 3, "400 BAD_API_TOKEN"],
    ["a token that no header can have", { CIELO24_API_TOKEN: "ä" }, 2, "other than printable ASCII"],
  ])("does not begin with %s", async (_what, env, code, why) => {
    await using cielo24 = await prepare();
    const ended = await cielo24.ask(["--yes"], env).ended;
    expect(ended).toEqual({ code, printed: expect.stringContaining(why) as unknown });
    expect(cielo24.simulator.jobs.size).toBe(0);
    expect(existsSync(cielo24.folder.file("facts.json"))).toBe(false);
  });

  it("does not begin where nobody listens", async () => {
    await using cielo24 = await prepare();
    const nobody = ["--base", `http://127.0.0.1:${await freePort()}`];
    const { code, printed } = await cielo24.ask(["--yes", ...nobody]).ended;
    expect([code, printed]).toEqual([3, expect.stringContaining("No connection to cielo24 (ECONNREFUSED)")]);
  });

  it("explains its options and questions", async () => {
    await using folder = await makeFolder();
    const { code, printed } = await startConformance(["--help"], {}, folder.path).ended;
    expect(code).toBe(0);
    for (const word of ["--base URL", "--long", "Exit codes", "cut-short ", "token-life"])
      expect(printed).toContain(word);
  });

  it.each([
    [[], "--base is missing: --base https://sandbox.cielo24.com, for example."],
    [["--base", "sandbox"], "--base must be an absolute URL."],
    [["--base", "http://sandbox.cielo24.com"], "--base must be an https URL."],
    [["--base", "https://sandbox.cielo24.com", "--serve", "80"], "--serve needs --media-url"],
    [["--base", "https://sandbox.cielo24.com", "--media-url", "ftp://a"], "--media-url must be an http or https URL."],
    [["--base", "https://sandbox.cielo24.com", "--only", "all"], 'There is no question "all". They are: login,'],
    [["--bass"], "Unknown option '--bass'. See npm run conformance -- --help"],
  ])("refuses %j", async (args, why) => {
    await using folder = await makeFolder();
    const ended = await startConformance(args, {}, folder.path).ended;
    expect(ended).toEqual({ code: 2, printed: expect.stringContaining(why) as unknown });
  });
});

describeOnTerminal("npm run conformance on a terminal", () => {
  const only = ["--only", "unknown-parameter", "--only", "token-life", "--long"];
  const start = ({ args, env }: Awaited<ReturnType<typeof prepare>>) =>
    startScriptOnTerminal("conformance/run.ts", [...args, ...only], env, 120);

  it("asks before it makes a job, and makes none where nobody agrees", async () => {
    await using cielo24 = await prepare();
    const running = start(cielo24);
    await running.shows("Make these jobs? [y/N]");
    running.type("\r");
    const { code, output } = await running.ended;
    expect([code, output]).toEqual([0, expect.stringContaining("Nothing was made.")]);
    expect(cielo24.simulator.jobs.size).toBe(0);
  });

  it("asks before it waits for an hour, and before it deletes its jobs", async () => {
    await using cielo24 = await prepare();
    const running = start(cielo24);
    await running.shows("Make these jobs? [y/N]");
    running.type("y\r");
    await running.shows("Wait for 61 minutes");
    running.type("n\r");
    await running.shows("Delete them? [y/N]");
    running.type("n\r");
    const { code, output } = await running.ended;
    expect(output).toContain("not answered: nobody wanted to wait");
    expect(output).toMatch(/[0-9a-f]{32} {2}cielo24-proxy conformance: no media/);
    expect(code).toBe(0);
    expect(cielo24.simulator.jobs.size).toBe(1);
  });

  it("ends at Ctrl-C while it asks, with nothing made", async () => {
    await using cielo24 = await prepare();
    const running = start(cielo24);
    await running.shows("Make these jobs? [y/N]");
    running.type("\u0003");
    expect((await running.ended).code).toBe(130);
    expect(cielo24.simulator.jobs.size).toBe(0);
  });
});
