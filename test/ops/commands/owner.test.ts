import { beforeEach, describe, expect, it } from "@jest/globals";
import { sendAs } from "../../harness/api.ts";
import { useDrops } from "../../harness/drops.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useOperator } from "../operator.ts";

interface Owned {
  readonly owner?: string;
  readonly before?: string;
}

describe("ops owner", () => {
  const local = useDrops();
  const operator = useOperator(local);
  let job: string;
  beforeEach(() => {
    job = local.newJob();
  });
  const statusOf = async (sub: string) => {
    const call = sendAs(local, { sub, scope: "media.write media.read" });
    return (await call("GET", `/api/job/request_upload_url?v=1&job_id=${job}&filename=a.mp4`)).status;
  };
  const run = (...words: string[]) => operator.run("owner", job, ...words);

  it("shows whose job it is", async () => {
    expect((await run()).stdout).toBe(`Job ${job} belongs to nobody: the next owner that uses it gets it.\n`);
    await statusOf("alice");
    expect(await operator.runJson<Owned>("owner", job)).toMatchObject({ exitCode: 0, owner: "alice" });
  });

  it("gives a job to another owner, and takes it from the first one", async () => {
    await statusOf("test-client");
    const { code, stdout, stderr } = await run("--set", "alice", "--yes");
    expect(stderr).toMatch(/belongs to test-client\.\nFrom now on it belongs to alice\./);
    expect([code, stdout]).toEqual([0, `Job ${job} belongs to alice now.\n`]);
    expect([await statusOf("test-client"), await statusOf("alice")]).toEqual([404, 200]);
    expect((await run("--set", "alice")).stdout).toMatch(/already: nothing was done/);
  });

  it("leaves a job to the next owner that uses it, and gives one to somebody that nobody has used", async () => {
    await statusOf("test-client");
    expect(await operator.runJson<Owned>("owner", job, "--clear", "--yes")).toMatchObject({
      exitCode: 0,
      before: "test-client",
    });
    expect(await statusOf("bob")).toBe(200);
    expect(await statusOf("test-client")).toBe(404);

    job = local.newJob();
    expect(await operator.runJson<Owned>("owner", job, "--set", "carol", "--yes")).toMatchObject({ owner: "carol" });
    expect([await statusOf("bob"), await statusOf("carol")]).toEqual([404, 200]);
  });

  it("refuses what it does not understand, and changes nothing unasked", async () => {
    await statusOf("alice");
    const both = await run("--set", "bob", "--clear");
    expect(both.stderr).toMatch(/Give --set or --clear, not both/);
    expect(both.code).toBe(2);
    const unasked = await run("--set", "bob");
    expect(unasked.stderr).toMatch(/Not confirmed: nothing was done/);
    expect(unasked.code).toBe(9);
    expect(await statusOf("alice")).toBe(200);
  });

  describeOnTerminal("on a terminal", () => {
    it("does nothing where somebody was faster", async () => {
      await statusOf("test-client");
      const slow = startOnTerminal(["ops", "owner", job, "--set", "alice"], operator.environment());
      await slow.shows("Go on? [y/N]");
      await run("--set", "bob", "--yes");
      slow.type("y\n");
      const { code, output } = await slow.ended;
      expect(output).toMatch(/Somebody was faster: job [0-9a-f]{32} belongs to bob by now/);
      expect(code).toBe(3);
      expect([await statusOf("alice"), await statusOf("bob")]).toEqual([404, 200]);
    });
  });
});
