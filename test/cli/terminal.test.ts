import { beforeAll, expect, it } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { build as buildDeliverMedia } from "../../functions/deliver-media/handler.ts";
import { build as buildSignUpload } from "../../functions/sign-upload/handler.ts";
import { arrivedAt, countStored, makeMedia, PART_BYTES, SCOPE, sha256 } from "../client/media.ts";
import { useStack } from "../harness/stack.ts";
import { startCommand, useCommandLine } from "./command-line.ts";
import { createGate, gated, signingOf } from "./gate.ts";
import { describeOnTerminal, startOnTerminal } from "./terminal.ts";

const CTRL_C = "\u0003";
const SHOW_CURSOR = "\u001b[?25h";
const HIDE_CURSOR = "\u001b[?25l";

describeOnTerminal("cielo24-proxy upload on a terminal", () => {
  const signing = createGate();
  const delivering = createGate();
  const local = useStack({
    functions: {
      "sign-upload": gated(signing, buildSignUpload),
      "deliver-media": gated(delivering, buildDeliverMedia),
    },
  });
  const media = makeMedia(2 * PART_BYTES + 100_000);
  const { folder, openRecords, environment, renewToken } = useCommandLine(local);
  let file: string;
  beforeAll(async () => {
    file = folder.file("lecture.mp4");
    await writeFile(file, media);
  });

  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const wordsFor = (jobId: string) => ["upload", file, "-j", jobId, "--part-size", "5", "--parallel", "1"];
  const isAsItWas = (output: string) => output.lastIndexOf(SHOW_CURSOR) > output.lastIndexOf(HIDE_CURSOR);

  it("shows a bar, ends in order at Ctrl-C, and goes on with the same command, sending no part twice", async () => {
    const jobId = newJob();
    const isHeld = signing.hold(signingOf(3));
    const first = startOnTerminal(wordsFor(jobId), environment(), 100);
    await isHeld;
    await first.shows("99%  10 MB of 10 MB");
    first.type(CTRL_C);
    const { code, output } = await first.ended;
    signing.letGo();
    expect(output).toContain("Ending. Ctrl-C once more ends at once.");
    // It may not have heard yet that the second part has arrived.
    expect(output).toMatch(/ (?:5|10) MB of 10 MB are at the store and are not sent again\. To go on, within 7 days:/);
    expect(output).toContain(`cielo24-proxy upload ${file} --job-id ${jobId}`);
    expect(code).toBe(130);
    expect(isAsItWas(output)).toBe(true);

    const second = await startOnTerminal(wordsFor(jobId), environment(), 100).ended;
    expect(second.output).toContain("lecture.mp4: going on with the upload of an earlier run");
    expect(second.output).toMatch(/████████ 100% {2}10 MB of 10 MB {2}delivered/);
    expect(second.output).toMatch(new RegExp(`Delivered: ${file}, job ${jobId}, TaskId [0-9a-f]{32}`));
    expect(second.code).toBe(0);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(countStored(local.stack, "CreateMultipartUpload", jobId)).toBe(1);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  });

  it("ends at once at a second Ctrl-C, leaves the terminal as it was, and loses nothing", async () => {
    const jobId = newJob();
    const [asked, done] = [folder.file("asked"), folder.file("done")];
    // When it runs again, it takes its time and ignores Ctrl-C, so that ending in order has to wait.
    const command = `if [ -e ${asked} ]; then trap '' INT TERM; echo asking >&2; until [ -e ${done} ]; do sleep 0.1; done; else touch ${asked}; echo "$SHORT"; fi`;
    const isHeld = signing.hold(signingOf(2));
    const first = startOnTerminal(wordsFor(jobId), {
      ...environment(),
      SHORT: await local.stack.token({ sub: "alice", scope: SCOPE, expiresInS: 60 }),
      CIELO24_PROXY_TOKEN: "",
      CIELO24_PROXY_TOKEN_COMMAND: command,
    });
    try {
      await isHeld;
      local.stack.advanceTime(120_000);
      signing.letGo();
      await first.shows("asking");
      first.type(CTRL_C);
      await first.shows("Ending. Ctrl-C once more ends at once.");
      first.type(CTRL_C);
      const { code, output } = await first.ended;
      expect(code).toBe(130);
      expect(output).toMatch(/Ended at once\. The same command goes on where it was\.\s*$/);
      expect(isAsItWas(output)).toBe(true);
    } finally {
      await writeFile(done, "");
    }
    await renewToken();
    expect((await startCommand(wordsFor(jobId), environment()).ended).code).toBe(0);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    expect(await openRecords()).toEqual([]);
  });

  it("waits for the TaskId until Ctrl-C, which ends the waiting alone", async () => {
    const jobId = newJob();
    const isHeld = delivering.hold();
    const first = startOnTerminal(wordsFor(jobId), environment());
    await isHeld;
    await first.shows("waiting for the proxy");
    first.type(CTRL_C);
    const { code, output } = await first.ended;
    expect(code).toBe(130);
    expect(output).toContain("It is uploaded, and the proxy delivers it by itself; to watch:");
    expect(output).toContain(`cielo24-proxy status ${jobId} --watch`);
    delivering.letGo();

    const second = await startOnTerminal(wordsFor(jobId), environment()).ended;
    expect(second.output).toContain("was uploaded before");
    expect(second.code).toBe(0);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  });

  it("tells at once of a file that fails, while the others go on", async () => {
    const isHeld = signing.hold(signingOf(2));
    const jobId = newJob();
    const missing = folder.file("missing.mp4");
    const words = ["upload", `${missing}=${newJob()}`, `${file}=${jobId}`, "--part-size", "5", "--parallel", "1"];
    const running = startOnTerminal(words, environment(), 200);
    await isHeld;
    await running.shows(`${missing} cannot be read: there is no such file.`);
    signing.letGo();
    expect(await running.ended).toMatchObject({
      code: 2,
      output: expect.stringMatching(/Not possible: \S+missing\.mp4, job[\s\S]*Delivered: /) as unknown,
    });
  });

  it("shows plain lines on a terminal that is dumb", async () => {
    const { code, output } = await startOnTerminal(wordsFor(newJob()), { ...environment(), TERM: "dumb" }).ended;
    expect(code).toBe(0);
    expect(output).not.toContain("\u001b");
    expect(output).toContain("lecture.mp4: uploaded 10 MB of 10 MB");
  });
});
