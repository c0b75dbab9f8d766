import { describe, expect, it } from "@jest/globals";
import { serveMedia, type MediaSource } from "../../../functions/media-source/endpoint.ts";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import type { Row } from "../../../lib/delivery/row.ts";
import { MediaReadError } from "../../../lib/media/errors.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const CAPABILITY = "fedcba9876543210fedcba9876543210";
const NOW = 1_800_000_000_000;
const PART = `${JOB}.${CAPABILITY}`;
const SIGNED_URL = "https://bucket.test/signed";

const handedOver: Row = {
  jobId: JOB,
  state: "FINALIZING",
  fence: 2,
  media: { id: "object:a", kind: "object", key: "media/a/b.mp4", versionId: "v1" },
  handOver: true,
  capability: CAPABILITY,
  capabilityUntil: NOW + 1,
  updatedAt: NOW,
};
const without = (...names: (keyof Row)[]): Row => {
  const row = { ...handedOver };
  for (const name of names) Reflect.deleteProperty(row, name);
  return row;
};

const source = (row: Row | undefined, store: Partial<MediaSource["store"]> = {}) => {
  const pulls: string[] = [];
  const asked: object[] = [];
  const serve = serveMedia({
    ledger: {
      read: (jobId) => Promise.resolve(jobId === JOB ? row : undefined),
      countPull: (jobId) => {
        pulls.push(jobId);
        return Promise.resolve();
      },
    },
    store: {
      measure: (object) => {
        asked.push(object);
        return Promise.resolve({ sizeBytes: 5_000_000_000, etag: '"e"', contentType: "video/mp4" });
      },
      sign: (object) => {
        asked.push(object);
        return Promise.resolve(SIGNED_URL);
      },
      ...store,
    },
    clock: () => NOW,
  });
  return { serve, pulls, asked };
};

const notFound = expect.objectContaining({ name: "ApiError", status: 404, errorType: "ITEM_NOT_FOUND" });

describe("the source of handed-over media", () => {
  it("answers HEAD with size and type, and counts no pull", async () => {
    const { serve, pulls, asked } = source(handedOver);
    await expect(serve("HEAD", PART)).resolves.toEqual({
      statusCode: 200,
      headers: { "content-length": "5000000000", "content-type": "video/mp4", "cache-control": "no-store" },
      body: "",
    });
    expect(asked).toEqual([{ key: "media/a/b.mp4", versionId: "v1" }]);
    expect(pulls).toEqual([]);
  });

  it("says of media without a type that it is some bytes", async () => {
    const measure = () => Promise.resolve({ sizeBytes: 1, etag: undefined, contentType: undefined });
    const { headers } = await source(handedOver, { measure }).serve("HEAD", PART);
    expect(headers["content-type"]).toBe("application/octet-stream");
  });

  it("redirects GET to a signed URL of the pinned version, and counts the pull", async () => {
    const { serve, pulls, asked } = source(handedOver);
    await expect(serve("GET", PART)).resolves.toEqual({
      statusCode: 302,
      headers: { location: SIGNED_URL, "cache-control": "no-store" },
      body: "",
    });
    expect(asked).toEqual([{ key: "media/a/b.mp4", versionId: "v1" }]);
    expect(pulls).toEqual([JOB]);
  });

  it("redirects though the pull could not be counted", async () => {
    const serve = serveMedia({
      ledger: {
        read: () => Promise.resolve(handedOver),
        countPull: () => Promise.reject(new LedgerError("down")),
      },
      store: { measure: () => Promise.resolve(undefined), sign: () => Promise.resolve(SIGNED_URL) },
      clock: () => NOW,
    });
    await expect(serve("GET", PART)).resolves.toMatchObject({ statusCode: 302 });
  });

  const closed: Record<string, Row | undefined> = {
    "there is no row": undefined,
    "the capability is revoked": without("capability"),
    "the capability is another": { ...handedOver, capability: CAPABILITY.replace("f", "0") },
    "the capability is of another length": { ...handedOver, capability: CAPABILITY.slice(1) },
    "the capability is over": { ...handedOver, capabilityUntil: NOW },
    "the capability has no end": without("capabilityUntil"),
    "the job has its media": { ...handedOver, state: "DELIVERED" },
    "the delivery begins anew": { ...handedOver, state: "SENDING" },
    "the media was refused": { ...handedOver, state: "REJECTED" },
    "a person has to decide": { ...handedOver, state: "NEEDS_REVIEW" },
    "there is no media": without("media"),
    "the media is no object": { ...handedOver, media: { id: "url:a", kind: "url" } },
  };
  describe.each(["GET", "HEAD"])("answers 404 to %s and asks the bucket nothing when", (method) => {
    it.each(Object.entries(closed))("%s", async (_, row) => {
      const { serve, pulls, asked } = source(row);
      await expect(serve(method, PART)).rejects.toEqual(notFound);
      expect({ pulls, asked }).toEqual({ pulls: [], asked: [] });
    });
  });

  it.each(["", JOB, `${JOB}.`, `${JOB}.${CAPABILITY}0`, `${PART}.x`, PART.toUpperCase(), `${JOB}/${CAPABILITY}`])(
    "answers 404 to a path that holds no capability: %j",
    async (part) => {
      await expect(source(handedOver).serve("GET", part)).rejects.toEqual(notFound);
    },
  );

  it("gives the same answer whatever is wrong", async () => {
    const answers = await Promise.allSettled(Object.values(closed).map((row) => source(row).serve("GET", PART)));
    const comments = answers.map((each) => each.status === "rejected" && (each.reason as { comment: string }).comment);
    expect(new Set(comments)).toEqual(new Set(["No such media."]));
  });

  it("answers 404 to HEAD when the version is gone", async () => {
    const measure = () => Promise.resolve(undefined);
    await expect(source(handedOver, { measure }).serve("HEAD", PART)).rejects.toEqual(notFound);
  });

  it("answers 503 to HEAD when the bucket does not say", async () => {
    const measure = () => Promise.reject(new MediaReadError("READ_FAILED"));
    const answer = source(handedOver, { measure }).serve("HEAD", PART);
    await expect(answer).rejects.toEqual(expect.objectContaining({ name: "ApiError", status: 503 }));
  });
});
