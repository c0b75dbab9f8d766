import { beforeEach, describe, expect, it } from "@jest/globals";
import type { S3Event } from "aws-lambda";
import { createJobs } from "../../../dev/operations/jobs.ts";
import type { Row } from "../../../lib/delivery/machine/row.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const OTHER = "f".repeat(32);
const NOON = Date.UTC(2026, 10, 29, 12);

let now: number;
let jobs: ReturnType<typeof createJobs>;
beforeEach(() => {
  now = NOON;
  jobs = createJobs({ clock: () => now });
});

const row = (state: Row["state"], more: Partial<Row> = {}): Row => ({
  jobId: JOB,
  state,
  fence: 1,
  updatedAt: now,
  ...more,
});
const arrive = (key: string, size = 7) => {
  jobs.arrived({ Records: [{ s3: { object: { key, size } } }] } as S3Event);
};

describe("a file", () => {
  it("is in the queue from its arrival until a worker has looked at it, and is as old as its arrival", () => {
    jobs.show(row("UPLOADING", { signedAt: now }));
    expect(jobs.get(JOB)).toMatchObject({ state: "UPLOADING", since: NOON, name: undefined });
    now += 60_000;
    arrive(`media/${JOB}/lecture+12.mp4`);
    expect(jobs.get(JOB)).toMatchObject({ state: "IN_QUEUE", name: "lecture 12.mp4", sizeBytes: 7, since: now });
    const key = `media/${JOB}/lecture 12.mp4`;
    jobs.show(row("SENDING", { media: { id: "m", kind: "object", key }, droppedAt: now }));
    expect(jobs.get(JOB)).toMatchObject({ state: "SENDING", name: "lecture 12.mp4", since: NOON + 60_000 });
  });

  it("stays in the queue although its upload was signed again", () => {
    arrive(`media/${JOB}/a.mp4`);
    jobs.show(row("UPLOADING", { signedAt: now }));
    expect(jobs.get(JOB)?.state).toBe("IN_QUEUE");
  });

  it.each(["media/no-job/a.mp4", "media/", `media/${JOB}/a.srt`, `media/${JOB}/.DS_Store`])(
    "is not expected to be delivered if its key is %s",
    (key) => {
      arrive(key);
      expect(jobs.open()).toEqual({ open: [], openCount: 0 });
    },
  );

  it("says why it waits and until when, and what it ended with", () => {
    const waiting = { type: "CIELO24_UNAVAILABLE", comment: "cielo24 does not answer." };
    jobs.show(row("SENDING", { waiting, notBefore: now + 60_000 }));
    expect(jobs.open().open).toMatchObject([{ reason: waiting, nextAt: now + 60_000 }]);
    jobs.show(row("FINALIZING", { settledAt: now + 120_000 }));
    expect(jobs.open().open).toMatchObject([{ nextAt: now + 120_000 }]);
    const error = { type: "NOT_MEDIA", comment: "It is a text." };
    jobs.show(row("REJECTED", { error }));
    expect(jobs.open().openCount).toBe(0);
    expect(jobs.ended()).toMatchObject([{ reason: error, nextAt: undefined }]);
  });
});

describe("the lists", () => {
  it("have what waits with the oldest first, what needs a person included, and what ended with the latest first", () => {
    now += 1;
    jobs.show(row("SENDING", { droppedAt: now }));
    jobs.show({ ...row("NEEDS_REVIEW", { droppedAt: NOON }), jobId: OTHER });
    expect(jobs.open().open.map(({ jobId }) => jobId)).toEqual([OTHER, JOB]);
    jobs.show(row("DELIVERED"));
    now += 1;
    jobs.show({ ...row("REJECTED"), jobId: OTHER });
    expect(jobs.ended().map(({ jobId }) => jobId)).toEqual([OTHER, JOB]);
  });

  it("forget the oldest of 5,000 jobs that have ended, and still count them", () => {
    jobs.show(row("NEEDS_REVIEW"));
    for (let at = 0; at < 6_000; at += 1) jobs.show({ ...row("DELIVERED"), jobId: at.toString(16).padStart(32, "0") });
    expect(jobs.states()).toMatchObject({ DELIVERED: 6_000, NEEDS_REVIEW: 1, SENDING: 0 });
    expect(jobs.get("0".repeat(32))).toBeUndefined();
    expect(jobs.get(JOB)?.state).toBe("NEEDS_REVIEW");
  });
});
