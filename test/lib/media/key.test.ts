import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { normalJobId } from "../../../lib/job-id.ts";
import { decodeEventKey, mediaKey, objectId, parseMediaKey } from "../../../lib/media/key.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const JOB_AS_UUID = "01234567-89ab-cdef-0123-456789abcdef";
const UPLOAD = "fedcba9876543210fedcba9876543210";

/** As S3 encodes keys in its events: form encoding of UTF-8, slashes left alone. */
const encodeAsS3 = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll("%20", "+")
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);

const id = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef")), minLength: 32, maxLength: 32 });
const anyText = fc.string({ unit: "grapheme", maxLength: 200 });

describe("mediaKey", () => {
  it.each([
    ["lecture.mp4", "lecture.mp4"],
    ["Vorlesung über Öl.mp4", "Vorlesung-uber-Ol.mp4"],
    ["a+b c%20d.mov", "a-b-c-20d.mov"],
    ["C:\\videos\\take 1.wav", "take-1.wav"],
    ["../../etc/passwd", "passwd"],
    ["..", "media"],
    [".mp4", "media.mp4"],
    ["", "media"],
    ["🎬", "media"],
    ["🎬.mp4", "media.mp4"],
    ["録画.mp4", "media.mp4"],
    ["a..b.mp4", "a.b.mp4"],
    ["dir/", "media"],
    ["two\nlines\0.mp4", "two-lines.mp4"],
  ])("keeps of %j what is harmless: %s", (filename, name) => {
    expect(mediaKey(JOB, UPLOAD, filename)).toBe(`media/${JOB}/${UPLOAD}/${name}`);
  });

  it("has a name where the client gave none", () => {
    expect(mediaKey(JOB, UPLOAD)).toBe(`media/${JOB}/${UPLOAD}/media`);
  });

  it("keeps the extension of a name that is too long", () => {
    expect(mediaKey(JOB, UPLOAD, `${"x".repeat(5000)}.webm`)).toMatch(/\/x{95}\.webm$/);
  });

  it("cuts a name whose extension is absurd", () => {
    expect(mediaKey(JOB, UPLOAD, `x.${"y".repeat(5000)}`)).toHaveLength(`media/${JOB}/${UPLOAD}/`.length + 100);
  });

  it("is plain ASCII, short enough for S3 and needs no encoding, whatever the file is called", () => {
    fc.assert(
      fc.property(id, id, fc.oneof(anyText, fc.string({ unit: "binary" })), (jobId, uploadId, filename) => {
        const key = mediaKey(jobId, uploadId, filename);
        expect(key).toMatch(/^media\/[0-9a-f]{32}\/[0-9a-f]{32}\/[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?$/);
        expect(encodeURIComponent(key).replaceAll("%2F", "/")).toBe(key);
        expect(key).not.toContain("..");
        const { name } = parseMediaKey(key) as { name: string };
        expect(parseMediaKey(key)).toEqual({ jobId, uploadId, name });
      }),
    );
  });
});

describe("decodeEventKey", () => {
  it.each([
    ["a+b.mp4", "a b.mp4"],
    ["a%2Bb.mp4", "a+b.mp4"],
    ["a%2520b.mp4", "a%20b.mp4"],
    ["a%252Fb.mp4", "a%2Fb.mp4"],
    ["a%2Fb.mp4", "a/b.mp4"],
    ["%2E%2E/x", "../x"],
    ["%C3%BC.mp4", "ü.mp4"],
    ["u%CC%88.mp4", "u\u0308.mp4"],
    ["%F0%9F%8E%AC.mp4", "🎬.mp4"],
    ["100%25.mp4", "100%.mp4"],
    ["ü.mp4", "ü.mp4"],
  ])("fault 35: decodes %s to %s, once", (raw, key) => {
    expect(decodeEventKey(raw)).toBe(key);
  });

  it.each(["%", "a%2", "a%zz", "%FF.mp4", "%C3.mp4", "%ED%A0%80", "%C0%AF", "\ud800"])(
    "gives up on %j, which is no encoded UTF-8",
    (raw) => {
      expect(decodeEventKey(raw)).toBeUndefined();
    },
  );

  it("fault 35: gives back every key that S3 encodes", () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...Array.from("+ %20/2F5.é🎬\u0308")) })),
        (key) => {
          expect(decodeEventKey(encodeAsS3(key))).toBe(key);
        },
      ),
    );
  });
});

describe("parseMediaKey", () => {
  it("knows the key of a signed upload", () => {
    expect(parseMediaKey(`media/${JOB}/${UPLOAD}/a.mp4`)).toEqual({ jobId: JOB, uploadId: UPLOAD, name: "a.mp4" });
  });

  it.each([
    "a.mp4",
    "two words + plus.mp4",
    "100%.mp4",
    "%2F.mp4",
    "über.mp4",
    "u\u0308ber.mp4",
    "🎬.mp4",
    "..",
    "../up.mp4",
    "2024/spring/a.mp4",
    "line\nfeed.mp4",
    "/leading.mp4",
    `${UPLOAD}/folder/a.mp4`,
    UPLOAD,
    "x".repeat(1024 - `media/${JOB}/`.length),
  ])("takes an operator's name as it is: %j", (name) => {
    expect(parseMediaKey(`media/${JOB}/${name}`)).toEqual({ jobId: JOB, name });
  });

  const SPELLINGS = [JOB, JOB.toUpperCase(), JOB_AS_UUID, JOB_AS_UUID.toUpperCase()];

  it.each(SPELLINGS)("knows the job in an operator's key that spells it %s", (spelt) => {
    expect(parseMediaKey(`media/${spelt}/a.mp4`)).toEqual({ jobId: JOB, name: "a.mp4" });
    expect(parseMediaKey(`media/${spelt}/spring/a.mp4`)).toEqual({ jobId: JOB, name: "spring/a.mp4" });
  });

  it("takes no key for ours that spells the job or the upload in another way than we do", () => {
    const name = `${UPLOAD}/a.mp4`;
    for (const spelt of SPELLINGS.slice(1))
      expect(parseMediaKey(`media/${spelt}/${name}`)).toEqual({ jobId: JOB, name });
    const loud = `${UPLOAD.toUpperCase()}/a.mp4`;
    expect(parseMediaKey(`media/${JOB}/${loud}`)).toEqual({ jobId: JOB, name: loud });
  });

  it.each([
    "media/",
    ...SPELLINGS.flatMap((spelt) => ["", "spring/", `${UPLOAD}/`].map((each) => `media/${spelt}/${each}`)),
  ])("knows %s for the marker of a folder", (key) => {
    expect(parseMediaKey(key)).toBe("folderMarker");
  });

  it.each([
    "",
    "media",
    `media/${JOB}`,
    "media/a.mp4",
    "media//a.mp4",
    "media/spring/",
    `media/${JOB.slice(1)}/a.mp4`,
    `media/${JOB}0/a.mp4`,
    `media/${JOB_AS_UUID.replace("-", "")}/a.mp4`,
    `media/{${JOB_AS_UUID}}/a.mp4`,
    `media/${JOB_AS_UUID}`,
    `media/${JOB.replace("0", "g")}/a.mp4`,
    `media/${JOB.replace("0", "\uff10")}/a.mp4`,
    `media/ ${JOB}/a.mp4`,
    `media/../${JOB}/a.mp4`,
    `/media/${JOB}/a.mp4`,
    `other/${JOB}/a.mp4`,
    `MEDIA/${JOB}/a.mp4`,
    `x\nmedia/${JOB}/a.mp4`,
    `media/${JOB}/${"x".repeat(1025 - `media/${JOB}/`.length)}`,
    `media/${JOB}/${"ü".repeat(500)}`,
  ])("fault 34: leaves %j to the quarantine", (key) => {
    expect(parseMediaKey(key)).toBeUndefined();
  });

  it("never names a job that is not in the key", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.tuple(fc.constantFrom(...SPELLINGS), anyText).map((parts) => `media/${parts.join("/")}`),
        ),
        (key) => {
          const parsed = parseMediaKey(key);
          if (typeof parsed !== "object") return;
          const [folder, , ...rest] = key.split("/");
          expect([folder, normalJobId(key.split("/")[1] ?? "")]).toEqual(["media", parsed.jobId]);
          expect(`${parsed.uploadId ? `${parsed.uploadId}/` : ""}${parsed.name}`).toBe(rest.join("/"));
        },
      ),
    );
  });
});

describe("objectId", () => {
  it("is short, stable and made of key and version", () => {
    expect(objectId("media/a", "v1")).toMatch(/^object:[0-9a-f]{32}$/);
    expect(objectId("media/a", "v1")).toBe(objectId("media/a", "v1"));
    expect(objectId("media/a", "v1")).not.toBe(objectId("media/a", "v2"));
    expect(objectId("media/a", "v1")).not.toBe(objectId("media/b", "v1"));
  });

  it("calls the version of a bucket without versions null, as S3 does", () => {
    expect(objectId("media/a")).toBe(objectId("media/a", "null"));
  });
});
