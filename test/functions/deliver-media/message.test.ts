import { describe, expect, it } from "@jest/globals";
import { parseWork, UnreadableMessageError } from "../../../functions/deliver-media/message.ts";
import { parseJson } from "../../../lib/json.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const DECISION = {
  job: JOB,
  object: `object:${"0".repeat(32)}`,
  fence: 3,
  by: "operator@example.org",
  why: "cielo24 was asked",
};
const record = (
  key: string,
  more: { eventName?: string; eventTime?: string; bucket?: string; versionId?: string; size?: number } = {},
) => ({
  eventName: more.eventName ?? "ObjectCreated:Put",
  eventTime: more.eventTime,
  s3: {
    bucket: { name: more.bucket ?? "media" },
    object: { key, versionId: more.versionId ?? "v1", size: more.size ?? 10 },
  },
});
const parse = (message: unknown) => parseWork(parseJson(JSON.stringify(message)), "media");

const UPLOAD = `media/${JOB}/${"a".repeat(32)}`;

describe("a message of the media queue", () => {
  it("tells the job, key and version of a drop", () => {
    const [task] = parse({ Records: [record(`media/${JOB}/a+b%2Bc.mp4`)] });
    expect(task).toMatchObject({ is: "drop", jobId: JOB, media: { key: `media/${JOB}/a b+c.mp4`, versionId: "v1" } });
  });

  it.each([
    ["a+b", "a b"],
    ["a%20b", "a b"],
    ["a%2Bb", "a+b"],
    ["a%2fb", "a/b"],
    ["a%2Fb", "a/b"],
    ["a%252Fb", "a%2Fb"],
    ["a%2525b", "a%25b"],
    ["%2E%2E", ".."],
    ["%F0%9F%8E%AC", "🎬"],
    ["%C3%B6", "\u00f6"],
    ["o%CC%88", "o\u0308"],
  ])("fault 35: reads the key %s as %s, whatever the notation", (raw, name) => {
    expect(parse({ Records: [record(`media/${JOB}/${raw}`)] })).toMatchObject([
      { is: "drop", jobId: JOB, media: { key: `media/${JOB}/${name}` } },
    ]);
  });

  it("fault 35: quarantines a key of more than 1,024 bytes", () => {
    const longest = `media/${JOB}/${"ö".repeat(512 - 20)}o`;
    expect(Buffer.byteLength(longest)).toBe(1_024);
    expect(parse({ Records: [record(encodeURIComponent(longest))] })).toMatchObject([{ is: "drop" }]);
    expect(parse({ Records: [record(encodeURIComponent(`${longest}x`))] })).toMatchObject([{ is: "quarantine" }]);
  });

  it("fault 37: holds each of several records once", () => {
    const tasks = parse({ Records: [record(`media/${JOB}/a`), record(`media/${JOB}/b`), record(`media/${JOB}/a`)] });
    expect(tasks).toHaveLength(2);
  });

  it("tells two versions of one key apart", () => {
    const tasks = parse({
      Records: [record(`media/${JOB}/a`, { versionId: "v1" }), record(`media/${JOB}/a`, { versionId: "v2" })],
    });
    expect(tasks).toHaveLength(2);
  });

  it.each([
    ["another bucket", record(`media/${JOB}/a`, { bucket: "other" })],
    ["a removal", record(`media/${JOB}/a`, { eventName: "ObjectRemoved:Delete" })],
    ["a folder marker", record(`media/${JOB}/`, { size: 0 })],
  ])("fault 36: ignores %s", (_name, ignored) => {
    expect(parse({ Records: [ignored] })).toEqual([{ is: "ignore" }]);
  });

  it("fault 36: ignores the test event that S3 sends when notifications are configured", () => {
    expect(parse({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "media" })).toEqual([{ is: "ignore" }]);
  });

  it.each(["media/file.mp4", "media/xyz/file.mp4", `media/${JOB}0/a`, `media/${JOB}/%zz`, "media/%ff/a"])(
    "fault 34, fault 35: quarantines the key %s",
    (key) => {
      expect(parse({ Records: [record(key)] })).toMatchObject([{ is: "quarantine" }]);
    },
  );

  it("knows our own messages", () => {
    expect(parse({ reconcile: JOB })).toEqual([{ is: "reconcile", jobId: JOB }]);
    for (const what of ["resend", "reject"] as const) {
      const { job, ...about } = DECISION;
      expect(parse({ [what]: DECISION })).toEqual([{ is: "decide", jobId: job, decision: { what, ...about } }]);
    }
  });

  it.each([JOB.toUpperCase(), "01234567-89ab-cdef-0123-456789abcdef"])(
    "fault 60: takes the job of our own messages in the spelling %s",
    (spelt) => {
      expect(parse({ reconcile: spelt })).toEqual([{ is: "reconcile", jobId: JOB }]);
      for (const what of ["resend", "reject"])
        expect(parse({ [what]: { ...DECISION, job: spelt } })).toMatchObject([{ is: "decide", jobId: JOB }]);
    },
  );

  it.each([
    ["no job alone", JOB],
    ["an object", { ...DECISION, object: undefined }],
    ["an object that has a name of ours", { ...DECISION, object: "lecture.mp4" }],
    ["the row's fence", { ...DECISION, fence: undefined }],
    ["a fence that is a number", { ...DECISION, fence: "3" }],
    ["who", { ...DECISION, by: "" }],
    ["why", { ...DECISION, why: undefined }],
    ["nothing else", { ...DECISION, force: true }],
  ])("fault 37: needs of an operator's decision %s", (_what, decision) => {
    for (const what of ["resend", "reject"])
      expect(() => parseWork(parseJson(JSON.stringify({ [what]: decision })), "media")).toThrow(UnreadableMessageError);
  });

  it.each(["", "{", "null", "[]", "{}", '{"Records":[]}', '{"Records":[{"s3":{}}]}', '{"reconcile":"x"}'])(
    "fault 37: cannot be read as %s",
    (body) => {
      expect(() => parseWork(parseJson(body), "media")).toThrow(UnreadableMessageError);
    },
  );
});

describe("an event that comes by EventBridge", () => {
  const bridged = (key: string, more: { type?: string; bucket?: string; detail?: object; object?: object } = {}) => ({
    version: "0",
    id: "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": more.type ?? "Object Created",
    source: "aws.s3",
    account: "111122223333",
    time: "2031-05-06T07:08:09Z",
    region: "eu-west-1",
    resources: ["arn:aws:s3:::media"],
    detail: {
      version: "0",
      bucket: { name: more.bucket ?? "media" },
      object: { key, size: 10, etag: "b1946ac92492d2347c6235b4d2611184", "version-id": "v1", ...more.object },
      "request-id": "N4N7GDK58NMKJ12R",
      requester: "111122223333",
      "source-ip-address": "192.0.2.4",
      reason: "PutObject",
      ...more.detail,
    },
  });
  const asS3SaysIt = (key: string) =>
    parse({ Records: [record(encodeURIComponent(key), { eventTime: "2031-05-06T07:08:09Z" })] });

  it.each([
    `media/${JOB}/a.mp4`,
    `media/${JOB}/${"a".repeat(32)}/a.mp4`,
    `media/${JOB}/a.srt`,
    `media/${JOB}/.DS_Store`,
    "media/a.mp4",
  ])("asks for the same as S3's own: %s", (key) => {
    expect(parse(bridged(key))).toEqual(asS3SaysIt(key));
  });

  it.each(["a+b.mp4", "a%20b.mp4", "a%2Bb.mp4", "100%.mp4", "a b.mp4", 'a"b.mp4', "ö.mp4", "🎬.mp4"])(
    "fault 35: has the key as it is, and not encoded: %s",
    (name) => {
      const key = `media/${JOB}/${name}`;
      expect(parse(bridged(key))).toMatchObject([{ is: "drop", media: { key } }]);
      expect(parse(bridged(key))).toEqual(asS3SaysIt(key));
    },
  );

  it("tells a copy within S3, and an object that was written before versioning was on", () => {
    const [copy] = parse(bridged(`media/${JOB}/a.mp4`, { detail: { reason: "CopyObject" } }));
    expect(copy).toMatchObject({ is: "drop", isCopy: true });
    const [unversioned] = parse(bridged(`media/${JOB}/a.mp4`, { object: { "version-id": undefined } }));
    expect(unversioned).toMatchObject({ is: "drop", isCopy: false, media: { versionId: "null" } });
  });

  it.each([
    ["another bucket", bridged(`media/${JOB}/a.mp4`, { bucket: "other" })],
    ["a folder marker", bridged(`media/${JOB}/`, { object: { size: 0 } })],
  ])("fault 36: is ignored about %s", (_what, event) => {
    expect(parse(event)).toEqual([{ is: "ignore" }]);
  });

  it.each([
    ["of another source", { ...bridged(`media/${JOB}/a.mp4`), source: "acme" }],
    ["about a removal, which no rule brings", bridged(`media/${JOB}/a.mp4`, { type: "Object Deleted" })],
    ["without a key", bridged("", { object: { key: undefined } })],
  ])("fault 37: cannot be read %s", (_what, event) => {
    expect(() => parse(event)).toThrow(UnreadableMessageError);
  });
});

describe("a drop", () => {
  const dropOf = (key: string, more?: Parameters<typeof record>[1]) => parse({ Records: [record(key, more)] })[0];

  it("came when S3 says so", () => {
    const eventTime = "2031-05-06T07:08:09.123Z";
    expect(dropOf(`media/${JOB}/a.mp4`, { eventTime })).toMatchObject({ arrivedAt: Date.parse(eventTime) });
  });

  it.each([undefined, "", "yesterday"])("came at a time that is not known where the event says %j", (eventTime) => {
    expect(dropOf(`media/${JOB}/a.mp4`, eventTime === undefined ? {} : { eventTime })).toMatchObject({
      is: "drop",
      arrivedAt: undefined,
    });
  });

  it("is an operator's, unless its key is a signed upload's", () => {
    expect(dropOf(`media/${JOB}/a.mp4`)).toMatchObject({ is: "drop", uploadId: undefined });
    expect(dropOf(`media/${JOB.toUpperCase()}/${"a".repeat(32)}/a.mp4`)).toMatchObject({ uploadId: undefined });
    expect(dropOf(`${UPLOAD}/a.mp4`)).toMatchObject({ is: "drop", uploadId: UPLOAD.split("/").at(-1) });
  });

  it.each([
    ["ObjectCreated:Copy", true],
    ["s3:ObjectCreated:Copy", true],
    ["ObjectCreated:Put", false],
    ["ObjectCreated:Post", false],
    ["ObjectCreated:CompleteMultipartUpload", false],
    ["ObjectCreated:Census", false],
  ])("after %s is a copy: %s", (eventName, isCopy) => {
    expect(dropOf(`media/${JOB}/a.mp4`, { eventName })).toMatchObject({ is: "drop", isCopy });
  });
});

describe("the name of what was dropped", () => {
  const itemOf = (key: string) => parse({ Records: [record(encodeURIComponent(key))] })[0];

  it.each([".DS_Store", "._film.mp4", "Thumbs.db", "film.mp4.part", ".film.mp4.Ab12Cd", "a/__MACOSX/b.mp4", "Icon\r"])(
    "may say that it is to be ignored: %j",
    (name) => {
      expect(itemOf(`media/${JOB}/${name}`)).toEqual({ is: "ignoreObject", jobId: JOB });
    },
  );

  it.each(["media/.DS_Store", "media/desktop.ini", "media/lectures/._film.mp4", "media/.trash/film.mp4"])(
    "may say that it is to be ignored where its key names no job: %s",
    (key) => {
      expect(itemOf(key)).toEqual({ is: "ignoreObject", jobId: undefined });
    },
  );

  it.each(["film.srt", "posters/film.JPG", "film.mp4.md5"])("may say that it goes with media: %s", (name) => {
    const key = `media/${JOB}/${name}`;
    expect(itemOf(key)).toMatchObject({ is: "sidecar", jobId: JOB, media: { kind: "object", key, versionId: "v1" } });
  });

  it("says nothing of a signed upload's: its client waits to hear of it", () => {
    for (const name of [".DS_Store", "film.srt", "film.part"])
      expect(itemOf(`${UPLOAD}/${name}`)).toMatchObject({ is: "drop", jobId: JOB });
    expect(itemOf(`${UPLOAD}/.AppleDouble/film.mp4`)).toMatchObject({ is: "ignoreObject" });
  });

  it("does not say of a subtitle which job it is for", () => {
    expect(itemOf("media/film.srt")).toMatchObject({ is: "quarantine" });
  });

  it("counts a sidecar once that a message holds twice", () => {
    const twice = record(`media/${JOB}/film.srt`);
    expect(parse({ Records: [twice, twice, record(`media/${JOB}/film.vtt`)] })).toHaveLength(2);
  });
});
