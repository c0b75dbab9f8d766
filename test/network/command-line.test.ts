import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { startCommand, useCommandLine, type Ended, type Running } from "../cli/command-line.ts";
import { arrivedAt, countStored, makeMedia, MIB, sha256 } from "../client/media.ts";
import { useWays, when, type Way } from "../harness/ways.ts";
import { emptySuccess, htmlSuccess, isCompletion, nth, refusal } from "./answers.ts";
import { blackHole, freePort, neverAnswers } from "./nowhere.ts";

/**
 * The command line on bad networks. Much of this takes its time, since people's networks do: the tests run side by side,
 * each over a line of its own.
 */

/** An upper bound alone: what nothing answers is sent again after 55 s, then after 110, and so on. */
jest.setTimeout(500_000);

const LINE = { latencyMs: 20, bytesPerSecond: 1_500_000 };
const IN_PARTS = ["--part-size", "5"];
const SIZE = 14 * MIB;
const PARTS = 3;
/** Said while it waits. */
const A_WORD = /trying again|waiting|stands still|no answer|goes on by itself/i;
/** Slow enough for a part of 8 MiB to take longer than its answer is waited for at first. */
const BOX_BYTES_PER_SECOND = 80 * 1024;

describe("cielo24-proxy upload on a bad network", () => {
  const { local, openWay } = useWays();
  const { folder, environment } = useCommandLine({
    get stack() {
      return local.stack;
    },
  });
  const media = makeMedia(SIZE);
  let file: string;
  /** What is left of tests that failed. */
  const leftovers: (() => void)[] = [];
  afterAll(() => {
    for (const end of leftovers) end();
  });
  beforeAll(async () => {
    file = folder.file("lecture.mp4");
    await writeFile(file, media);
  });

  /** Each has a state of its own, as different people would. */
  let people = 0;
  const start = (apiUrl: string, words: readonly string[]) => {
    people += 1;
    const running = startCommand(["upload", ...words], {
      ...environment(),
      CIELO24_PROXY_URL: apiUrl,
      XDG_STATE_HOME: folder.file(`person-${people}`),
    });
    leftovers.push(() => {
      running.signal("SIGKILL");
    });
    return running;
  };
  const isHalfway = (way: Way, { ended }: Running) =>
    Promise.race([
      when(() => way.upBytes("store") > 2 * MIB),
      ended.then(({ stderr }) => Promise.reject(Error(stderr))),
    ]);
  /** Starts to upload the file in parts, and waits until some of it is on its way. */
  const uploadHalfway = async (way: Way) => {
    const job = local.newJob();
    const running = start(way.apiUrl, [file, "-j", job, ...IN_PARTS]);
    await isHalfway(way, running);
    return { job, running };
  };
  const expectDelivered = ({ code, stdout, stderr }: Ended, job: string): void => {
    expect({ code, stdout, stderr }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Delivered") as unknown,
    });
    expect(arrivedAt(local.stack, job)).toEqual([sha256(media)]);
  };
  const expectOneObject = (job: string): void => {
    expect(countStored(local.stack, "CreateMultipartUpload", job)).toBe(1);
    expect(countStored(local.stack, "CompleteMultipartUpload", job)).toBe(1);
  };

  it.concurrent("goes on by itself after 20 s in which nothing passed", async () => {
    const way = await openWay({ quality: LINE });
    const { job, running } = await uploadHalfway(way);
    way.goDark();
    await wait(20_000);
    way.comeBack();
    const ended = await running.ended;
    expectDelivered(ended, job);
    expectOneObject(job);
    expect(ended.stderr).toMatch(A_WORD);
    // At most what was on its way is sent again.
    expect(way.upBytes("store")).toBeLessThan(SIZE + (PARTS + 1) * 5 * MIB);
  });

  it.concurrent("goes on by itself after 60 s, at another address, so that no connection outlives them", async () => {
    const way = await openWay({ quality: LINE });
    const { job, running } = await uploadHalfway(way);
    way.goDark();
    way.freeze();
    await wait(60_000);
    way.comeBack();
    const ended = await running.ended;
    expectDelivered(ended, job);
    expectOneObject(job);
    expect(ended.stderr).toMatch(A_WORD);
  });

  it.concurrent("notices within 60 s that the connection under a part is frozen, and sends the part anew", async () => {
    const way = await openWay({ quality: LINE });
    const { job, running } = await uploadHalfway(way);
    const frozen = way.connections().find(({ upstream, upBytes }) => upstream === "store" && upBytes() > 0);
    frozen?.freeze();
    const frozenAt = Date.now();
    const ended = await running.ended;
    expectDelivered(ended, job);
    expectOneObject(job);
    expect(Date.now() - frozenAt).toBeLessThan(120_000);
    expect(ended.stderr).toMatch(A_WORD);
    expect(countStored(local.stack, "UploadPart", job)).toBe(PARTS);
    expect(way.upBytes("store")).toBeLessThan(SIZE + 6 * MIB);
  });

  it.concurrent(
    "gets through a box that takes all at once and passes on 80 KiB/s, and carries little twice",
    async () => {
      const way = await openWay({ quality: LINE });
      way.swallow(BOX_BYTES_PER_SECOND);
      const job = local.newJob();
      const path = folder.file("memo.mp3");
      const memo = makeMedia(9 * MIB);
      await writeFile(path, memo);
      const { code, stdout, stderr } = await start(way.apiUrl, [path, "-j", job]).ended;
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
      expect(arrivedAt(local.stack, job)).toEqual([sha256(memo)]);
      // Today 26 MB, and not done.
      expect(way.upBytes("store")).toBeLessThan(3 * 9 * MIB);
    },
  );

  it.concurrent.each<[what: string, address: () => Promise<{ url: string; close: () => void }>]>([
    ["refuses connections", freePort],
    ["cannot be found", () => Promise.resolve({ url: "http://captions.invalid", close: () => undefined })],
    ["is a black hole", blackHole],
    ["takes connections and says nothing", neverAnswers],
  ])("gives up within seconds where the address %s, and says to check it", async (_what, address) => {
    const { url, close } = await address();
    leftovers.push(close);
    const startedAt = Date.now();
    const { code, stderr, stdout } = await start(url, [file, "-j", local.newJob()]).ended;
    expect({ stdout, stderr }).toMatchObject({ stderr: expect.stringMatching(/check the address/i) as unknown });
    expect(code).toBe(5);
    // 20 s, and the rest for a busy machine.
    expect(Date.now() - startedAt).toBeLessThan(60_000);
  });

  it.concurrent.each([
    ["an empty 200", emptySuccess],
    ["the page of a captive portal", htmlSuccess],
  ])("takes %s in place of the completion's result for no success, and asks again", async (_what, made) => {
    const once = nth(1, isCompletion);
    const way = await openWay({ store: { answer: (asked) => (once(asked) ? made : undefined) } });
    const job = local.newJob();
    const ended = await start(way.apiUrl, [file, "-j", job, ...IN_PARTS]).ended;
    expectDelivered(ended, job);
    expectOneObject(job);
  });

  it.concurrent("finds its upload complete where the answer to that was lost", async () => {
    const way = await openWay({ store: { loses: nth(1, isCompletion) } });
    const job = local.newJob();
    const ended = await start(way.apiUrl, [file, "-j", job, ...IN_PARTS]).ended;
    expectDelivered(ended, job);
    expectOneObject(job);
  });

  it.concurrent.each([
    [403, "AccessDenied"],
    [400, "EntityTooLarge"],
    [404, "NoSuchBucket"],
    [400, "InvalidPart"],
    [403, "RequestTimeTooSkewed"],
    [400, "SomethingNew"],
  ])("says in its own words that the store refused (%d %s)", async (status, code) => {
    const way = await openWay({
      store: { answer: ({ method }) => (method === "PUT" ? refusal(status, code) : undefined) },
    });
    const ended = await start(way.apiUrl, [file, "-j", local.newJob(), ...IN_PARTS]).ended;
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(code);
    expect(ended.stderr).not.toContain("S3's own words");
  });

  it.concurrent("uploads 60 small files while none of their deliveries moves", async () => {
    const way = await openWay({ quality: LINE });
    const jobs = Array.from({ length: 60 }, () => local.newJob());
    for (const jobId of jobs)
      local.cielo24.faults.add({ action: "job/add_media", jobId, kind: "answer", status: 503, times: 1000 });
    const rows = await Promise.all(
      jobs.map(async (job, index) => {
        const path = folder.file(`clip-${index}.mp4`);
        await writeFile(path, makeMedia(200_000 + index));
        return `${path},${job}\n`;
      }),
    );
    const list = folder.file("clips.csv");
    await writeFile(list, rows.join(""));
    const startedAt = Date.now();
    const running = start(way.apiUrl, ["--jobs", list]);
    await when(() => jobs.every((job) => countStored(local.stack, "PutObject", job) === 1));
    expect(Date.now() - startedAt).toBeLessThan(120_000);
    running.signal("SIGINT");
    await running.ended;
  });

  it.concurrent.each([
    ["in parts", IN_PARTS],
    ["whole", ["--part-size", "100"]],
  ])("does not deliver a file that is rewritten while it goes out %s", async (how, words) => {
    const way = await openWay({ quality: LINE });
    const job = local.newJob();
    const path = folder.file(`recording ${how}.mp4`);
    await writeFile(path, media);
    const running = start(way.apiUrl, [path, "-j", job, ...words]);
    await isHalfway(way, running);
    await writeFile(path, media.slice().fill(7));
    const { code, stderr } = await running.ended;
    expect(stderr).toMatch(/changed while it was uploaded/);
    expect(code).toBe(3);
    expect(arrivedAt(local.stack, job)).toEqual([]);
  });
});
