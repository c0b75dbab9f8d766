import { beforeAll, describe, expect, it } from "@jest/globals";
import { useDrops } from "../../harness/drops.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useOperator } from "../operator.ts";

interface Replayed {
  readonly objects: number;
  readonly sent: number;
  readonly fates: Readonly<Record<string, number>>;
  readonly error?: { readonly errorType: string };
}

describe("ops replay", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "0" } });
  const operator = useOperator(local);
  const urlOf = (key: string) => `s3://${local.stack.bucketName}/${key}`;
  const run = (...words: string[]) => operator.runJson<Replayed>("replay", ...words);

  it("has an object delivered whose event was lost", async () => {
    const job = local.newJob();
    const { key, sizeBytes } = local.place(job, 1_000, "a lecture – é.mp4");
    const { code, stdout, stderr } = await operator.run("replay", urlOf(key));
    expect(stderr).toMatch(/^1 object:\n {2}1 unknown to the ledger: they are delivered now$/m);
    expect([code, stdout]).toEqual([0, "Put its event into the queue.\n"]);
    await local.finish();
    expect(local.taken(job)).toMatchObject([{ sizeBytes }]);
  });

  it("harms nothing that is delivered, nor an older version", async () => {
    const job = local.newJob();
    const { key, versionId } = await local.drop(job);
    await local.finish();
    expect(await run(urlOf(key), "--version-id", versionId)).toMatchObject({ sent: 1, fates: { delivered: 1 } });
    await local.finish();
    expect(local.taken(job)).toHaveLength(1);
    expect(local.announced(job)).toEqual(["Media Delivered"]);
  });

  it("finds everything that arrived since then", async () => {
    const [delivered, lost] = [local.newJob(), local.newJob()];
    await local.drop(delivered);
    await local.finish();
    const before = (await run("--since", "1h", "--dry-run")).objects;
    local.place(lost);
    local.place(lost, 10, "notes.srt");
    const { objects, fates, sent } = await run("--since", "1h", "--dry-run");
    expect({ objects, sent }).toEqual({ objects: before + 1, sent: 0 });
    expect(fates["new"]).toBe(1);
    expect(await run("--since", "1h")).toMatchObject({ exitCode: 0, sent: objects });
    await local.finish();
    expect(local.taken(lost)).toHaveLength(1);
    expect(local.taken(delivered)).toHaveLength(1);
  });

  it.each([
    ["nothing", [], 2, /Give the URL of an object, or --since/],
    ["both", ["s3://b/k", "--since", "1h"], 2, /Give the URL of an object, or --since/],
    ["a version of nothing", ["--since", "1h", "--version-id", "v"], 2, /--version-id needs the URL of an object/],
    ["no URL", ["media/a.mp4"], 2, /is no address of an object/],
    ["another bucket", ["s3://somebody/media/a.mp4"], 3, /The stage's bucket is/],
  ])("refuses %s", async (_what, words, exit, why) => {
    const { code, stderr } = await operator.run("replay", ...words);
    expect(stderr).toMatch(why);
    expect(code).toBe(exit);
  });

  it("refuses an object that does not exist, or that is no media of a job", async () => {
    expect(await run(urlOf(`media/${local.newJob()}/a.mp4`))).toMatchObject({
      exitCode: 3,
      error: { errorType: "NO_SUCH_OBJECT" },
    });
    expect(await run(urlOf("media/nobody/a.mp4"))).toMatchObject({ exitCode: 3, error: { errorType: "NO_MEDIA" } });
  });

  describe("many objects", () => {
    beforeAll(() => {
      for (let number = 0; number < 25; number += 1) local.place(local.newJob());
    });

    it("puts nothing into the queue unasked", async () => {
      const { exitCode } = await run("--since", "1h");
      expect(exitCode).toBe(9);
      expect(Object.values(local.stack.queue.inspect()).flat()).toEqual([]);
    });

    describeOnTerminal("on a terminal", () => {
      it("says how many, and asks", async () => {
        const { ended, shows, type } = startOnTerminal(["ops", "replay", "--since", "1h"], operator.environment());
        await shows("Go on? [y/N]");
        type("y\n");
        const { code, output } = await ended;
        expect(output).toMatch(/25 unknown to the ledger: they are delivered now/);
        expect(output).toMatch(/Put the events of \d+ objects into the queue/);
        expect(code).toBe(0);
        await local.finish(100);
      });
    });
  });
});
