import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createClient, type UploadState, type Waiting } from "../../client/index.ts";
import { arrivedAt, countStored, makeMedia, MIB, PART_BYTES, SCOPE, sha256 } from "../client/media.ts";
import { failureOf } from "../client/requests.ts";
import { useFolder } from "../harness/folder.ts";
import { useWays, when, type Way } from "../harness/ways.ts";
import { emptySuccess, htmlSuccess, isCompletion, isCreation, nth, refusal } from "./answers.ts";
import { blackHole, freePort, neverAnswers } from "./nowhere.ts";

/** The typed client in Node, with the platform's `fetch`, on bad networks: side by side, each over a line of its own. */

/** An upper bound alone: what nothing answers is sent again after 55 s, then after 110, and so on. */
jest.setTimeout(500_000);

const LINE = { latencyMs: 20, bytesPerSecond: 1_500_000 };
const SIZE = 24 * MIB;
const PARTS = 5;

describe("the client on a bad network", () => {
  const { local, openWay } = useWays();
  const folder = useFolder();
  const media = makeMedia(SIZE);
  let token: string;
  beforeAll(async () => {
    token = await local.stack.token({ sub: "alice", scope: SCOPE });
  });

  const connect = (baseUrl: string) => createClient({ baseUrl, token });
  /** Starts an upload in parts. */
  const upload = (apiUrl: string, source: Blob = new Blob([media])) => {
    const jobId = local.newJob();
    const waits: (Waiting | undefined)[] = [];
    const states: (UploadState | undefined)[] = [];
    const ended = connect(apiUrl).uploadMedia({
      jobId,
      source,
      filename: "lecture.mp4",
      partBytes: PART_BYTES,
      onWaiting: (waiting) => waits.push(waiting),
      onState: (state) => void states.push(state),
    });
    ended.catch(() => undefined);
    return { jobId, ended, waits, states };
  };
  const isHalfway = (way: Way) => when(() => way.upBytes("store") > 3 * MIB);
  const expectArrived = async (jobId: string, ended: Promise<unknown>): Promise<void> => {
    await ended;
    await when(() => arrivedAt(local.stack, jobId).length > 0);
    expect(arrivedAt(local.stack, jobId)).toEqual([sha256(media)]);
    expect(countStored(local.stack, "CompleteMultipartUpload", jobId)).toBe(1);
  };

  it.concurrent("goes on by itself after 20 s in which nothing passed", async () => {
    const way = await openWay({ quality: LINE });
    const { jobId, ended, waits } = upload(way.apiUrl);
    await isHalfway(way);
    way.goDark();
    await wait(20_000);
    way.comeBack();
    await expectArrived(jobId, ended);
    expect(waits.at(-1)).toBeUndefined();
  });

  // `fetch` tells nothing of what it sends, so a part is given the time that a slow line would take for it.
  it.concurrent("sends a part anew whose connection is frozen, and says that it waited for that", async () => {
    const way = await openWay({ quality: LINE });
    const { jobId, ended, waits } = upload(way.apiUrl);
    await isHalfway(way);
    way
      .connections()
      .find(({ upstream }) => upstream === "store")
      ?.freeze();
    await expectArrived(jobId, ended);
    expect(waits).toContainEqual(
      expect.objectContaining({ errorType: expect.stringMatching(/STALLED|NETWORK/) as unknown }),
    );
    expect(waits.at(-1)).toBeUndefined();
    expect(countStored(local.stack, "UploadPart", jobId)).toBe(PARTS);
  });

  it.concurrent.each<[what: string, address: () => Promise<{ url: string; close: () => void }>]>([
    ["refuses connections", freePort],
    ["cannot be found", () => Promise.resolve({ url: "http://captions.invalid", close: () => undefined })],
    ["is a black hole", blackHole],
    ["takes connections and says nothing", neverAnswers],
  ])("gives up within seconds where the address %s", async (_what, address) => {
    const { url, close } = await address();
    const startedAt = Date.now();
    const error = await failureOf(upload(url).ended);
    close();
    expect(error).toMatchObject({
      errorType: "NETWORK",
      nextStep: expect.stringMatching(/check the address/i) as unknown,
    });
    expect(Date.now() - startedAt).toBeLessThan(60_000);
  });

  it.concurrent.each([
    ["an empty 200", emptySuccess, isCompletion],
    ["a captive portal's page", htmlSuccess, isCompletion],
    ["a captive portal's page", htmlSuccess, isCreation],
  ])("takes %s for no success", async (_what, made, which) => {
    const once = nth(1, which);
    const way = await openWay({ store: { answer: (asked) => (once(asked) ? made : undefined) } });
    const { jobId, ended } = upload(way.apiUrl);
    await expectArrived(jobId, ended);
  });

  it.concurrent.each([
    ["creation", isCreation],
    ["completion", isCompletion],
  ])("is not confused by a lost answer to its %s", async (_what, which) => {
    const way = await openWay({ store: { loses: nth(1, which) } });
    const { jobId, ended } = upload(way.apiUrl);
    await expectArrived(jobId, ended);
  });

  it.concurrent(
    "repeats what the store cannot do at present, and says in its own words what it waits for",
    async () => {
      const twice = [nth(1, ({ method }) => method === "PUT"), nth(2, ({ method }) => method === "PUT")];
      const way = await openWay({
        store: {
          answer: (asked) =>
            twice.filter((matches) => matches(asked)).length > 0 ? refusal(503, "SlowDown") : undefined,
        },
      });
      const { jobId, ended, waits } = upload(way.apiUrl);
      await expectArrived(jobId, ended);
      expect(JSON.stringify(waits)).not.toContain("S3's own words");
    },
  );

  it.concurrent.each(["whole", "in parts"])(
    "says SOURCE_CHANGED of a file on disk that was changed (%s)",
    async (how) => {
      const way = await openWay();
      const path = folder.file(`${how}.mp4`);
      await writeFile(path, media);
      const source = await openAsBlob(path);
      await writeFile(path, media.slice().fill(7));
      const jobId = local.newJob();
      const partBytes = how === "whole" ? 100 * MIB : PART_BYTES;
      const error = await failureOf(connect(way.apiUrl).uploadMedia({ jobId, source, filename: "a.mp4", partBytes }));
      expect(error).toMatchObject({ errorType: "SOURCE_CHANGED", isRetryable: false });
      expect(arrivedAt(local.stack, jobId)).toEqual([]);
    },
  );

  it.concurrent(
    "holds back at most two long polls, whatever the number of waits, and asks for the others plainly",
    async () => {
      const jobs = Array.from({ length: 20 }, () => local.newJob());
      for (const jobId of jobs)
        local.cielo24.faults.add({ action: "job/add_media", jobId, kind: "answer", status: 503, times: 1000 });
      let polling = 0;
      let mostPolling = 0;
      const client = createClient({
        baseUrl: local.stack.apiUrl,
        token,
        fetch: async (...request) => {
          const isLong = new Request(...request).url.includes("wait=");
          polling += Number(isLong);
          mostPolling = Math.max(mostPolling, polling);
          try {
            return await fetch(...request);
          } finally {
            polling -= Number(isLong);
          }
        },
      });
      const ending = new AbortController();
      const answered = new Map<string, number>();
      await Promise.all(
        jobs.map((jobId) => client.uploadMedia({ jobId, source: new Blob([makeMedia(1000)]), filename: "a.mp4" })),
      );
      const waits = jobs.map((jobId) =>
        client.waitForDelivery({
          jobId,
          signal: ending.signal,
          onDelivery: () => void answered.set(jobId, (answered.get(jobId) ?? 0) + 1),
        }),
      );
      await when(() => jobs.every((jobId) => (answered.get(jobId) ?? 0) > 1));
      ending.abort(new Error("enough"));
      await Promise.allSettled(waits);
      expect(mostPolling).toBe(2);
    },
  );
});
