import { beforeAll, describe, expect, it } from "@jest/globals";
import { appendFile, readFile, truncate, utimes, writeFile } from "node:fs/promises";
import { build as buildSignUpload } from "../../functions/sign-upload/handler.ts";
import { arrivedAt, countStored, makeMedia, MIB, PART_BYTES, SCOPE, sha256 } from "../client/media.ts";
import { useStack } from "../harness/stack.ts";
import { until } from "../harness/until.ts";
import { startCommand, useCommandLine, type Ended } from "./command-line.ts";
import { createGate, gated, signingOf } from "./gate.ts";

const SIZE = 2 * PART_BYTES + 100_000;
const IN_PARTS = ["--part-size", "5"];

describe("cielo24-proxy upload", () => {
  const gate = createGate();
  const local = useStack({
    env: { MAX_MEDIA_BYTES: String(20 * MIB) },
    functions: {
      "sign-upload": gated(gate, buildSignUpload),
    },
  });
  const media = makeMedia(SIZE);
  const { folder, openRecords, environment, token } = useCommandLine(local);
  let file: string;
  let smallFile: string;
  beforeAll(async () => {
    file = folder.file("lecture 1.mp4");
    smallFile = folder.file("short.mp3");
    await writeFile(file, media);
    await writeFile(smallFile, makeMedia(50_000));
  });

  const newJob = () => local.stack.cielo24?.addJob() ?? "";
  const start = (words: readonly string[], env: Readonly<Record<string, string>> = environment()) =>
    startCommand(["upload", ...words], env);
  const upload = (...words: string[]): Promise<Ended> => start(words).ended;
  /** For tests that are not about the delivery: does not poll for it. */
  const uploadAndDrain = async (...words: string[]): Promise<Ended> => {
    const ended = await upload(...words, "--no-wait");
    await local.stack.drain();
    return ended;
  };
  const resultOf = ({ stdout }: Ended) => JSON.parse(stdout) as Record<string, unknown>;

  it("sends a small file in one request and waits for its TaskId", async () => {
    const jobId = newJob();
    const { code, stdout, stderr } = await upload(smallFile, "--job-id", jobId);
    expect(stdout).toMatch(new RegExp(`^Delivered: ${smallFile}, job ${jobId}, TaskId [0-9a-f]{32}\n$`));
    expect(code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(makeMedia(50_000))]);
    expect(countStored(local.stack, "PutObject", jobId)).toBe(1);
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toBe("short.mp3: uploaded 0 B of 49 KB");
    expect(lines.at(-1)).toBe("short.mp3: delivered");
    expect(stderr).not.toContain("\u001b");
  });

  it("is the same command where the job is spelt in another way", async () => {
    const jobId = newJob();
    await uploadAndDrain(smallFile, "--job-id", jobId);
    const uuid = jobId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
    const { code, stdout, stderr } = await upload(smallFile, "--job-id", uuid);
    expect(code).toBe(0);
    expect(stdout).toContain(`job ${jobId}, TaskId`);
    expect(stderr).toContain("was uploaded before");
    expect(countStored(local.stack, "PutObject", jobId)).toBe(1);
  });

  it("sends a larger file in parts, and prints JSON for programs", async () => {
    const jobId = newJob();
    const ended = await upload(file, "-j", jobId, ...IN_PARTS, "--json", "--quiet");
    expect(resultOf(ended)).toMatchObject({
      outcome: "delivered",
      exitCode: 0,
      file,
      jobId,
      taskId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      delivery: { state: "DELIVERED", sizeBytes: SIZE },
    });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(await openRecords()).toEqual([]);
  });

  it("cuts a file such that no part is left over for a round of its own", async () => {
    const jobId = newJob();
    expect((await upload(file, "-j", jobId)).code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    // Two, if they had 8 MiB.
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
  });

  it("ends in order at Ctrl-C and goes on with the same command, sending no part twice", async () => {
    const jobId = newJob();
    const isHeld = gate.hold(signingOf(3));
    const first = start([file, "-j", jobId, ...IN_PARTS, "--parallel", "1"]);
    // A part is signed while the one before it is on its way.
    await Promise.all([isHeld, until(() => countStored(local.stack, "UploadPart", jobId) === 2)]);
    first.signal("SIGINT");
    const { code, stdout, stderr } = await first.ended;
    gate.letGo();
    expect(code).toBe(130);
    expect(stdout).toBe("");
    expect(stderr).toContain("Ending. Ctrl-C once more ends at once.");
    // It may not have heard yet that the second part has arrived.
    expect(stderr).toMatch(/ (?:5|10) MB of 10 MB are at the store and are not sent again\./);
    expect(stderr).toContain(`cielo24-proxy upload '${file}' --job-id ${jobId}`);
    expect(arrivedAt(local.stack, jobId)).toEqual([]);

    const [remembered = ""] = await openRecords();
    expect(remembered).not.toMatch(/X-Amz|https?:/);
    expect(remembered).not.toContain(token());

    const second = await upload(file, "-j", jobId, ...IN_PARTS);
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining("Delivered") as unknown });
    expect(second.stderr).toContain("going on with the upload of an earlier run");
    expect(second.stderr).toContain("uploaded 10 MB of 10 MB");
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(countStored(local.stack, "CreateMultipartUpload", jobId)).toBe(1);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    expect(await openRecords()).toEqual([]);
  });

  it("goes on after it was killed", async () => {
    const jobId = newJob();
    const isHeld = gate.hold(signingOf(2));
    const first = start([file, "-j", jobId, ...IN_PARTS, "--parallel", "1"]);
    await isHeld;
    first.signal("SIGKILL");
    await first.ended;
    gate.letGo();
    expect((await uploadAndDrain(file, "-j", jobId, ...IN_PARTS)).code).toBe(0);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  });

  it("ends at SIGTERM with 143", async () => {
    const isHeld = gate.hold(signingOf(1));
    const options = ["--content-type", "audio/mp4", "--no-wait"];
    const first = start([file, "-j", newJob(), ...IN_PARTS, "--parallel", "1", "--json", "--quiet", ...options]);
    await isHeld;
    first.signal("SIGTERM");
    const ended = await first.ended;
    gate.letGo();
    expect(ended.code).toBe(143);
    expect(resultOf(ended)).toMatchObject({
      outcome: "terminated",
      exitCode: 143,
      next: "To go on:",
      command: expect.stringMatching(
        / --content-type audio\/mp4 --part-size 5 --parallel 1 --quiet --no-wait --json$/,
      ) as unknown,
    });
  });

  it("does not take another medium's delivery for its own", async () => {
    const jobId = newJob();
    const isHeld = gate.hold(signingOf(2));
    const first = start([file, "-j", jobId, ...IN_PARTS, "--parallel", "1"]);
    await isHeld;
    expect((await upload(smallFile, "-j", jobId)).code).toBe(0);
    gate.letGo();
    const { code, stderr } = await first.ended;
    expect(stderr).toMatch(/took another medium for this job, of 49 KB[\s\S]*Use another job for this file/);
    expect(code).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(makeMedia(50_000))]);
  });

  it("says how to go on with another token where one expires in mid-upload", async () => {
    const jobId = newJob();
    const shortLived = await local.stack.token({ sub: "alice", scope: SCOPE, expiresInS: 60 });
    const isHeld = gate.hold(signingOf(2));
    const words = [file, "-j", jobId, ...IN_PARTS, "--parallel", "1"];
    const first = start(words, { ...environment(), CIELO24_PROXY_TOKEN: shortLived });
    await isHeld;
    local.stack.advanceTime(120_000);
    gate.letGo();
    const { code, stderr } = await first.ended;
    expect(code).toBe(4);
    expect(stderr).toMatch(/UNAUTHORIZED, 401[\s\S]*Get a new token[\s\S]*5 MB of 10 MB are at the store/);
    expect((await uploadAndDrain(...words)).code).toBe(0);
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("ends at %s with 143, though a token command hangs", async (name) => {
    const env = {
      ...environment(),
      CIELO24_PROXY_TOKEN: "",
      CIELO24_PROXY_TOKEN_COMMAND: "echo asked >&2; exec sleep 60",
    };
    const running = start([smallFile, "-j", newJob()], env);
    await running.says("asked");
    running.signal(name);
    expect(await running.ended).toMatchObject({ code: 143, stderr: expect.stringContaining("To go on:") as unknown });
  });

  it("goes on when nobody reads what it writes any more", async () => {
    const [one, other] = [newJob(), newJob()];
    const isHeld = gate.hold(signingOf(1));
    const running = start([`${smallFile}=${one}`, `${file}=${other}`, ...IN_PARTS]);
    running.close("stdout");
    await Promise.all([isHeld, running.says("short.mp3: delivered")]);
    running.close("stderr");
    gate.letGo();
    expect((await running.ended).code).toBe(0);
    expect(arrivedAt(local.stack, one)).toHaveLength(1);
    expect(arrivedAt(local.stack, other)).toEqual([sha256(media)]);
  });

  it.each<[how: string, atPart: number, change: (path: string) => Promise<void>]>([
    ["grows", 1, (path) => appendFile(path, "more")],
    ["grows once its last part was read", 3, (path) => appendFile(path, "more")],
    ["is written to in place", 1, (path) => writeFile(path, makeMedia(SIZE).fill(7))],
    ["becomes shorter", 1, (path) => truncate(path, PART_BYTES)],
  ])("delivers no file that changes while it is uploaded: it %s", async (_how, atPart, change) => {
    const jobId = newJob();
    const path = folder.file("recording.mp4");
    await writeFile(path, media);
    const isHeld = gate.hold(signingOf(atPart));
    const words = [path, "-j", jobId, ...IN_PARTS, "--parallel", "1"];
    const running = start(words);
    await isHeld;
    await change(path);
    gate.letGo();
    const { code, stderr } = await running.ended;
    expect(stderr).toMatch(
      /recording\.mp4 changed while it was uploaded[\s\S]*Make sure that nothing writes to the file/,
    );
    expect(code).toBe(3);
    expect(arrivedAt(local.stack, jobId)).toEqual([]);

    expect((await uploadAndDrain(...words)).code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(await readFile(path))]);
  });

  it.each([
    ["", false],
    [", though it learns of it only once that is delivered", true],
  ])(
    "waits for another run that uploads the same, and sends nothing that this one has sent%s",
    async (_how, isSlow) => {
      const jobId = newJob();
      const isHeld = gate.hold(signingOf(2));
      const words = [file, "-j", jobId, ...IN_PARTS, "--parallel", "1"];
      const first = start(words);
      await isHeld;
      const second = start(words);
      await second.says("another run is uploading it for this job");
      if (isSlow) second.signal("SIGSTOP");
      gate.letGo();
      expect(await first.ended).toMatchObject({ code: 0 });
      second.signal("SIGCONT");
      expect(await second.ended).toMatchObject({ code: 0 });
      expect(countStored(local.stack, "UploadPart", jobId)).toBe(3);
      expect(countStored(local.stack, "CreateMultipartUpload", jobId)).toBe(1);
      expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    },
  );

  it.each([
    ["the file has changed since", [] as string[]],
    ["it is told to", ["--restart"]],
  ])("begins anew where %s", async (_why, words) => {
    const jobId = newJob();
    const isHeld = gate.hold(signingOf(2));
    const first = start([file, "-j", jobId, ...IN_PARTS, "--parallel", "1"]);
    await isHeld;
    first.signal("SIGINT");
    await first.ended;
    gate.letGo();
    if (words.length === 0) await utimes(file, new Date(), new Date());
    expect((await uploadAndDrain(file, "-j", jobId, ...IN_PARTS, ...words)).code).toBe(0);
    expect(countStored(local.stack, "CreateMultipartUpload", jobId)).toBe(2);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    expect(
      local.stack.s3.requests.filter(
        ({ operation, key }) => operation === "AbortMultipartUpload" && key.includes(jobId),
      ),
    ).toHaveLength(1);
  });

  it("waits for the delivery of what it uploaded before, and uploads nothing", async () => {
    const jobId = newJob();
    const first = await upload(smallFile, "-j", jobId, "--no-wait");
    expect(first).toMatchObject({ code: 0, stdout: `Uploaded: ${smallFile}, job ${jobId}\n` });
    const second = await upload(smallFile, "-j", jobId);
    expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining("Delivered") as unknown });
    expect(second.stderr).toContain("was uploaded before");
    expect(countStored(local.stack, "PutObject", jobId)).toBe(1);
  });

  it("outlasts a lost connection and a part's URL that the store refuses", async () => {
    const jobId = newJob();
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "reset" });
    local.stack.s3.faults.add({ operation: "UploadPart", kind: "accessDenied" });
    expect((await uploadAndDrain(file, "-j", jobId, ...IN_PARTS)).code).toBe(0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
  });

  it("sends several files, each to its job, and tells of each", async () => {
    const [one, other] = [newJob(), newJob()];
    const missing = folder.file("missing.mp4");
    const list = folder.file("list.csv");
    await writeFile(list, `file,job_id\n"${file}",${one}\n${smallFile},${other}\n${missing},${newJob()}\n`);
    const { code, stdout } = await upload("--jobs", list, "--json", "--quiet");
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(2);
    expect(Object.fromEntries(results.map(({ jobId, outcome }) => [jobId, outcome]))).toMatchObject({
      [one]: "delivered",
      [other]: "delivered",
    });
    expect(results.find((result) => result["file"] === missing)).toMatchObject({ outcome: "usage", exitCode: 2 });
    expect(arrivedAt(local.stack, other)).toHaveLength(1);
  });

  describe("for jobs that have their media already", () => {
    const outcomesOf = ({ stdout }: Ended) =>
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);

    it("does a list once, and the second time only what is open", async () => {
      const [one, other, open] = [newJob(), newJob(), newJob()];
      const late = folder.file("late.mp3");
      const list = folder.file("batch.csv");
      await writeFile(list, `${file},${one}\n${smallFile},${other}\n${late},${open}\n`);
      expect((await upload("--jobs", list, "--quiet")).code).toBe(2);
      const tasks = [one, other].map((job) => local.taken(job)[0]?.taskId);

      await writeFile(late, makeMedia(60_000));
      const second = await upload("--jobs", list, "--json", "--quiet");
      expect(second.code).toBe(0);
      const results = new Map(outcomesOf(second).map((result) => [result["jobId"], result]));
      expect([one, other].map((job) => results.get(job))).toMatchObject(
        tasks.map((taskId) => ({ outcome: "already_delivered", exitCode: 0, taskId })),
      );
      expect(results.get(open)).toMatchObject({ outcome: "delivered" });
      for (const job of [one, other, open]) expect(arrivedAt(local.stack, job)).toHaveLength(1);

      // On another machine, which has no record of it, too.
      const elsewhere = { ...environment(), XDG_STATE_HOME: folder.file("elsewhere") };
      const third = await start(["--jobs", list, "--quiet"], elsewhere).ended;
      expect(third.code).toBe(0);
      expect(third.stdout.match(/^Already delivered: .*, TaskId [0-9a-f]{32}$/gm)).toHaveLength(3);
      expect(third.stdout).toContain(
        "Nothing was sent: the job's media has the same size, which is all that is compared.",
      );
      for (const job of [one, other, open]) expect(arrivedAt(local.stack, job)).toHaveLength(1);
    });

    it("refuses a file that has another size, or has changed since", async () => {
      const jobId = newJob();
      const path = folder.file("edited.mp3");
      await writeFile(path, makeMedia(40_000));
      expect((await upload(path, "-j", jobId)).code).toBe(0);

      await writeFile(path, makeMedia(40_000).fill(7));
      await utimes(path, new Date(), new Date(Date.now() + 60_000));
      const changed = await upload(path, "-j", jobId);
      expect(changed.stderr).toMatch(/This file has changed since it was uploaded for the job\. \(JOB_HAS_MEDIA, 409/);
      expect(changed.code).toBe(3);

      await writeFile(path, makeMedia(40_001));
      const larger = await upload(path, "-j", jobId);
      expect(larger.stderr).toContain("has 39 KB (40,000 bytes), and this file 39 KB (40,001 bytes).");
      expect(larger.code).toBe(3);
      expect(arrivedAt(local.stack, jobId)).toEqual([sha256(makeMedia(40_000))]);
    });

    it("sends a file again that was rejected", async () => {
      const jobId = newJob();
      const path = folder.file("mended.mp3");
      await writeFile(path, "<!doctype html><title>Not found</title>");
      expect((await upload(path, "-j", jobId, "--force")).code).toBe(6);
      await writeFile(path, makeMedia(30_000));
      expect((await upload(path, "-j", jobId)).code).toBe(0);
    });
  });

  it("gets another token where one is refused, from a command", async () => {
    const jobId = newJob();
    const count = folder.file("asked");
    const env = {
      ...environment(),
      CIELO24_PROXY_TOKEN: "",
      CIELO24_PROXY_TOKEN_COMMAND: `if [ -e ${count} ]; then echo "$GOOD"; else touch ${count}; echo stale.token.here; fi`,
      GOOD: token(),
    };
    const { code, stdout, stderr } = await start([smallFile, "-j", jobId, "--no-wait"], env).ended;
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`).not.toContain(token());
  });

  it("reads the token from a file, and keeps it out of what others can see", async () => {
    const tokenFile = folder.file("token");
    await writeFile(tokenFile, `${token()}\n`);
    const isHeld = gate.hold(signingOf(1));
    const running = start([file, "-j", newJob(), ...IN_PARTS, "--token-file", tokenFile]);
    await isHeld;
    expect(await readFile(`/proc/${running.pid}/cmdline`, "utf8").catch(() => "")).not.toContain(token());
    running.signal("SIGINT");
    const { stdout, stderr } = await running.ended;
    gate.letGo();
    expect(`${stdout}${stderr}`).not.toContain(token());
  });

  describe("is refused", () => {
    it.each<[what: string, code: number, says: RegExp]>([
      ["a job that has its medium", 3, /JOB_HAS_MEDIA, 409[\s\S]*ask for the delivery's status/],
      ["somebody else's job", 3, /ITEM_NOT_FOUND, 404[\s\S]*Check the job id/],
      ["a file that is too large", 3, /MEDIA_TOO_LARGE, 413[\s\S]*Make the file smaller/],
      ["a type that is none", 3, /must be a media type such as video\/mp4[\s\S]*Correct/],
      ["an empty file", 3, /The media is empty[\s\S]*Choose the file/],
    ])("with words and what to do: %s", async (what, code, says) => {
      const jobId = newJob();
      const path = folder.file("refused.mp4");
      await writeFile(path, what.includes("empty") ? "" : what.includes("large") ? makeMedia(21 * MIB) : "m\0dia");
      if (what.includes("has its")) {
        await uploadAndDrain(smallFile, "-j", jobId);
      }
      if (what.includes("else")) {
        const bob = await local.stack.token({ sub: "bob", scope: SCOPE });
        await start([smallFile, "-j", jobId, "--no-wait"], { ...environment(), CIELO24_PROXY_TOKEN: bob }).ended;
      }
      const type = what.includes("type") ? ["--content-type", "video"] : [];
      const ended = await upload(path, "-j", jobId, ...type);
      expect(ended.stderr).toMatch(says);
      expect(ended).toMatchObject({ code, stdout: "" });
    });

    it.each([
      ["in one request", []],
      ["in parts", IN_PARTS],
    ])("before a byte travels %s, where cielo24 does not know the job", async (_how, words) => {
      const jobId = "0".repeat(32);
      const ended = await upload(words.length > 0 ? file : smallFile, "-j", jobId, ...words);
      expect(ended.stderr).toMatch(
        /^Refused: [\s\S]*\(ITEM_NOT_FOUND, 404, request .*\)\n {2}Check the job id: cielo24 has to know the job/m,
      );
      expect(ended).toMatchObject({ code: 3, stdout: "" });
      for (const operation of ["PutObject", "CreateMultipartUpload"])
        expect(countStored(local.stack, operation, jobId)).toBe(0);
    });
  });
});
