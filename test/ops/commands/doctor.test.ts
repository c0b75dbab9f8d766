import { afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { startCommand } from "../../cli/command-line.ts";
import { useDrops } from "../../harness/drops.ts";
import { handOver } from "../../harness/handed-over.ts";
import { useOperator } from "../operator.ts";

interface Checked {
  readonly checks: readonly {
    readonly name: string;
    readonly is: string;
    readonly text: string;
    readonly next?: string;
  }[];
}

describe("ops doctor", () => {
  const local = useDrops();
  const operator = useOperator(local);
  const account = () => {
    const { username, securekey } = local.stack.credentials;
    return { username, securekey };
  };
  afterEach(() => {
    local.stack.secrets.rotate(account());
  });

  const check = async (...words: string[]) => {
    const { checks, exitCode } = await operator.runJson<Checked>("doctor", ...words);
    return { exitCode, of: new Map(checks.map(({ name, ...finding }) => [name, finding])) };
  };

  it("finds nothing wrong with a sound stage, says what only AWS has, and prints no secret", async () => {
    const { code, stdout, stderr } = await operator.run("doctor");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ok +secret +readable, with a securekey$/m);
    for (const name of ["cielo24-reachable", "cielo24-login", "cielo24-account", "api", "authorizer"])
      expect(stdout).toMatch(new RegExp(`^ok +${name} `, "m"));
    for (const name of ["issuer", "bucket-versioning", "queue-redrive", "dead-letters", "table"])
      expect(stdout).toMatch(new RegExp(`^ok +${name} `, "m"));
    for (const name of ["queue-policy", "bucket-notification", "alarms", "subscriptions", "throttling", "version"])
      expect(stdout).toMatch(new RegExp(`^skipped +${name} +only on AWS$`, "m"));
    expect(stdout).toMatch(/\n\d+ ok, 0 failed, \d+ skipped\n$/);
    expect(code).toBe(0);
    for (const secret of Object.values(local.stack.credentials)) expect(stdout).not.toContain(secret);
  });

  it("asks cielo24 about no job that there is, and leaves no trace in the stage", async () => {
    const before = local.stack.aws.calls.length;
    await operator.run("doctor");
    const calls = local.stack.aws.calls.slice(before);
    expect(new Set(calls)).toEqual(new Set(["GetSecretValue", "DescribeTable", "GetQueueAttributes", "Query"]));
    expect(local.cielo24.acceptances).toEqual([]);
  });

  it("says what is wrong with the secret, and where its command is", async () => {
    local.stack.secrets.rotate({ username: "local-account" });
    const { exitCode, of } = await check();
    expect(exitCode).toBe(3);
    expect(of.get("secret")).toMatchObject({
      is: "failed",
      text: expect.stringContaining("lacks securekey") as unknown,
      next: expect.stringContaining("docs/operations.md#login-invalid") as unknown,
    });
  });

  it("tells credentials that cielo24 refuses from an account that may not ask", async () => {
    local.stack.secrets.rotate({ ...account(), securekey: "0".repeat(32) });
    const wrong = await check();
    expect(wrong.exitCode).toBe(3);
    expect(wrong.of.get("secret")?.is).toBe("ok");
    expect(wrong.of.get("cielo24-reachable")?.is).toBe("ok");
    expect(wrong.of.get("cielo24-login")?.is).toBe("failed");
    expect(wrong.of.get("cielo24-account")).toEqual({ is: "skipped", text: "cielo24 could not be asked" });

    local.stack.secrets.rotate(account());
    const refusal = { ErrorType: "ACCOUNT_UNPRIVILEGED", ErrorComment: "Not for you." };
    const body = JSON.stringify(refusal);
    local.cielo24.faults.add({ action: "job/info", kind: "answer", status: 400, body, times: Infinity });
    const unprivileged = await check();
    expect(unprivileged.of.get("cielo24-login")?.is).toBe("ok");
    expect(unprivileged.of.get("cielo24-account")).toMatchObject({
      is: "failed",
      text: expect.stringContaining("ACCOUNT_UNPRIVILEGED") as unknown,
    });
  });

  it("says that cielo24 does not answer", async () => {
    local.cielo24.faults.add({ action: "*", kind: "answer", status: 503, times: Infinity });
    const { exitCode, of } = await check();
    expect(exitCode).toBe(3);
    expect(of.get("cielo24-reachable")).toMatchObject({
      is: "failed",
      next: expect.stringContaining("#when-cielo24-is-down") as unknown,
    });
    expect(of.get("cielo24-login")?.is).toBe("skipped");
  });

  it("counts dead letters", async () => {
    local.stack.deadLetterQueue.send("what nobody can read");
    const { code, stdout } = await operator.run("doctor");
    expect(stdout).toMatch(
      /^FAILED +dead-letters +There is 1, and they expire after 14 days\.\n +`redrive --dry-run`/m,
    );
    expect(code).toBe(3);
  });

  describe("while an object is handed over", () => {
    const SIZE_BYTES = 5_000_000_000;
    const CAPABILITY = "5d3c0a1f8e7b4c6d9a2b1c0d3e4f5a6b";
    const place = async (recordedBytes: number, lifetimeMs?: number) => {
      const job = local.newJob();
      const { key, versionId } = local.place(job, SIZE_BYTES);
      const lifetime = lifetimeMs === undefined ? {} : { lifetimeMs };
      await handOver(local.stack, job, {
        key,
        versionId,
        capability: CAPABILITY,
        sizeBytes: recordedBytes,
        ...lifetime,
      });
      return job;
    };
    const end = (job: string) =>
      local.stack.ledger.write(job, { if: { state: ["FINALIZING"] }, set: { state: "DELIVERED", announced: true } });

    it("asks the API for its size by HEAD, which is no pull, and prints no part of its address", async () => {
      expect((await check()).of.get("head")).toMatchObject({
        is: "skipped",
        text: expect.stringContaining("no object is handed over") as unknown,
      });
      const job = await place(SIZE_BYTES);
      const before = await local.row(job);
      const { code, stdout, stderr } = await operator.run("doctor");
      expect(stdout).toMatch(new RegExp(`^ok +head +HEAD of .* job ${job} tells its ${SIZE_BYTES} bytes`, "m"));
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain(CAPABILITY);
      expect(await local.row(job)).toEqual(before);
      await end(job);
    });

    it("says that the size is another one", async () => {
      const job = await place(SIZE_BYTES - 1);
      const other = await check();
      expect(other.exitCode).toBe(3);
      expect(other.of.get("head")).toMatchObject({
        is: "failed",
        text: expect.stringContaining(
          `content-length ${SIZE_BYTES}, and the object has ${SIZE_BYTES - 1} bytes`,
        ) as unknown,
        next: expect.stringContaining("deliveryMode: stream") as unknown,
      });
      await end(job);
    });

    it("asks about none whose address has expired", async () => {
      const job = await place(SIZE_BYTES, 0);
      expect((await check()).of.get("head")?.is).toBe("skipped");
      await end(job);
    });
  });

  describe("of a stage whose outputs lead elsewhere", () => {
    beforeAll(() => {
      const { stage } = local.stack;
      const outputs = { ...stage.outputs, HttpApiUrl: "http://127.0.0.1:1", IssuerUrl: local.stack.apiUrl };
      return writeFile(operator.folder.file("elsewhere.json"), JSON.stringify({ ...stage, outputs }));
    });

    it("names the API and the issuer, and goes on with the other checks", async () => {
      const env = { ...operator.environment(), CIELO24_PROXY_STAGE_FILE: operator.folder.file("elsewhere.json") };
      const { code, stdout } = await startCommand(["ops", "doctor"], env).ended;
      expect(stdout).toMatch(/^FAILED +api +http:\/\/127\.0\.0\.1:1 cannot be reached: .*\n {10}Check the connection/m);
      expect(stdout).toMatch(/^FAILED +issuer +The discovery document of issuerUrl cannot be read/m);
      expect(stdout).toMatch(/^ok +table /m);
      expect(code).toBe(3);
    });
  });
});
