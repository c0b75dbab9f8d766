import { describe, expect, it } from "@jest/globals";
import { serveMedia, type MediaSource } from "../../../functions/media-source/handler.ts";
import { LedgerError } from "../../../lib/delivery/ledger.ts";
import { decideWrite, type Row } from "../../../lib/delivery/machine/row.ts";
import { MediaReadError } from "../../../lib/media/body.ts";

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

/** The source over a ledger with one row; what is given stands in for parts of ledger and store. */
const source = (
  row: Row | undefined,
  store: Partial<MediaSource["store"]> = {},
  ledger: Partial<MediaSource["ledger"]> = {},
) => {
  const table = { row };
  const pulls: string[] = [];
  const asked: object[] = [];
  const writes: string[] = [];
  const serve = serveMedia({
    ledger: {
      read: (jobId) => Promise.resolve(jobId === JOB ? table.row : undefined),
      write: (jobId, write) => {
        const after = decideWrite(jobId, table.row, write);
        if (after) table.row = after;
        writes.push(after ? "written" : "refused");
        return Promise.resolve(after ? "written" : "refused");
      },
      countPull: (jobId) => {
        pulls.push(jobId);
        return Promise.resolve();
      },
      ...ledger,
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
  return { serve, table, pulls, asked, writes };
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
    const countPull = () => Promise.reject(new LedgerError("down"));
    const { serve } = source(handedOver, {}, { countPull });
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
      const { serve, pulls, asked, writes } = source(row);
      await expect(serve(method, PART)).rejects.toEqual(notFound);
      expect({ pulls, asked, writes }).toEqual({ pulls: [], asked: [], writes: [] });
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

  describe("records its first redirect, so that a row without one tells that cielo24 has read nothing", () => {
    it("before the redirect leaves", async () => {
      const { serve, table, writes } = source(handedOver);
      await expect(serve("GET", PART)).resolves.toMatchObject({ statusCode: 302 });
      expect(table.row).toEqual({ ...handedOver, redirected: true });
      expect(writes).toEqual(["written"]);
    });

    it("once, however often it is asked", async () => {
      const { serve, writes, pulls } = source(handedOver);
      for (let pull = 0; pull < 3; pull += 1) await serve("GET", PART);
      expect(writes).toEqual(["written"]);
      expect(pulls).toHaveLength(3);
    });

    it("and nothing at HEAD", async () => {
      const { serve, table } = source(handedOver);
      await serve("HEAD", PART);
      expect(table.row).toEqual(handedOver);
    });

    it("and nothing where the URL cannot be signed", async () => {
      const { serve, table, pulls } = source(handedOver, { sign: () => Promise.reject(new Error("no credentials")) });
      await expect(serve("GET", PART)).rejects.toThrow("no credentials");
      expect(table.row).toEqual(handedOver);
      expect(pulls).toEqual([]);
    });

    it("or does not redirect: 503 where the ledger does not answer", async () => {
      const { serve, pulls } = source(handedOver, {}, { write: () => Promise.reject(new LedgerError("down")) });
      // The wrapper of every HTTP function answers it with 503.
      await expect(serve("GET", PART)).rejects.toBeInstanceOf(LedgerError);
      expect(pulls).toEqual([]);
    });

    /** A row that becomes another one between the read and the write. */
    const meanwhile = (changed: Row | undefined) => {
      let present: Row | undefined = handedOver;
      return source(
        handedOver,
        {},
        {
          read: () => Promise.resolve(present),
          write: (jobId, write) => {
            const after = decideWrite(jobId, changed, write);
            present = after ?? changed;
            return Promise.resolve(after ? "written" : "refused");
          },
        },
      );
    };

    it("or finds that another GET has recorded it, or its own write whose answer was lost", async () => {
      const { serve, pulls } = meanwhile({ ...handedOver, fence: 3, redirected: true });
      await expect(serve("GET", PART)).resolves.toMatchObject({ statusCode: 302 });
      expect(pulls).toEqual([JOB]);
    });

    it.each<[string, Row | undefined]>([
      ["the row is gone", undefined],
      ["the delivery was taken back", { ...without("capability"), state: "SENDING", fence: 3 }],
      ["a person has to decide", { ...handedOver, state: "NEEDS_REVIEW" }],
      ["the job has its media", { ...without("capability"), state: "DELIVERED", redirected: true }],
      ["the object is handed over anew", { ...handedOver, capability: "0".repeat(32) }],
    ])("or answers 404, as to a revoked capability: %s", async (_, row) => {
      const { serve, pulls } = meanwhile(row);
      await expect(serve("GET", PART)).rejects.toEqual(notFound);
      expect(pulls).toEqual([]);
    });

    it("or answers 503 where the write is refused although the capability is good", async () => {
      const { serve, pulls } = meanwhile({ ...handedOver, fence: 3 });
      await expect(serve("GET", PART)).rejects.toEqual(
        expect.objectContaining({ name: "ApiError", code: "LEDGER_UNAVAILABLE", status: 503 }),
      );
      expect(pulls).toEqual([]);
    });

    it("of the capability that was asked for alone", async () => {
      const { serve, table } = source({ ...handedOver, redirected: true, capability: "0".repeat(32) });
      await expect(serve("GET", PART)).rejects.toEqual(notFound);
      expect(table.row).toMatchObject({ capability: "0".repeat(32) });
    });
  });
});
