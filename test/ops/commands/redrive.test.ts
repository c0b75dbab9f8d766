import { beforeEach, describe, expect, it } from "@jest/globals";
import { useDrops } from "../../harness/drops.ts";
import { until } from "../../harness/until.ts";
import { describeOnTerminal, startOnTerminal } from "../../cli/terminal.ts";
import { useOperator } from "../operator.ts";

interface Redriven {
  readonly messages: number;
  readonly moved?: number;
  readonly destination: string;
  readonly inspected: readonly { readonly is: string; readonly jobId?: string }[];
  readonly error?: { readonly errorType: string };
}

describe("ops redrive", () => {
  const local = useDrops({ env: { DROP_SETTLE_S: "0" } });
  const operator = useOperator(local);
  let job: string;
  beforeEach(async () => {
    job = local.newJob();
    // An object whose event died in the queue, and a message of somebody else's.
    local.stack.deadLetterQueue.send(JSON.stringify(local.event(local.place(job))));
    local.stack.deadLetterQueue.send("<hello/>");
    await local.stack.drain();
  });

  it("shows what there is without taking anything away", async () => {
    const { code, stdout } = await operator.run("redrive", "--dry-run");
    expect(stdout).toMatch(new RegExp(`^\\d+s +${job} +drop$`, "m"));
    expect(stdout).toMatch(/^\d+s +- +cannot be read: "<hello\/>"$/m);
    expect(stdout).toMatch(/2 dead letters, of which 1 cannot be read\.\n\nNothing was moved\.\n$/);
    expect(code).toBe(0);
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(2);
  });

  it("moves them to the media queue, by its name, and follows the move to its end", async () => {
    const { code, stdout, stderr } = await operator.run("redrive", "--yes", "--rate", "1");
    expect(stderr).toMatch(/All of them go to arn:aws:sqs:us-east-1:\d+:cielo24-proxy-local-media, 1 a second/);
    expect(stderr).toMatch(/moved 1 of 2 messages; Ctrl-C leaves the rest to SQS/);
    // The second one may have come back, and have been moved again, by the time that the move ends.
    expect(stdout).toMatch(/^Moved \d messages to arn:/);
    expect(code).toBe(0);
    await until(async () => (await local.row(job))?.announced);
    // What cannot be read comes back.
    await local.stack.drain();
    const { visible } = local.stack.deadLetterQueue.inspect();
    expect(visible.map(({ body }) => body)).toEqual(["<hello/>"]);
  });

  it("says so if there are none", async () => {
    local.stack.deadLetterQueue.purge();
    const { code, stdout } = await operator.run("redrive");
    expect([code, stdout]).toEqual([0, "There are no dead letters.\n"]);
  });

  it("moves nothing unasked, and takes no other rates than SQS does", async () => {
    const unasked = await operator.runJson<Redriven>("redrive");
    expect(unasked).toMatchObject({ exitCode: 9, error: { errorType: "NOT_CONFIRMED" } });
    expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(2);
    const { code, stderr } = await operator.run("redrive", "--rate", "501");
    expect(stderr).toMatch(/It must be a whole number from 1 to 500/);
    expect(code).toBe(2);
  });

  describeOnTerminal("on a terminal", () => {
    it("shows them and asks", async () => {
      const { ended, shows, type } = startOnTerminal(["ops", "redrive"], operator.environment());
      await shows("Go on? [y/N]");
      type("\n");
      const { code, output } = await ended;
      expect(output).toContain("2 dead letters, of which 1 cannot be read.");
      expect(code).toBe(9);
      expect(local.stack.deadLetterQueue.inspect().visible).toHaveLength(2);
    });
  });
});
