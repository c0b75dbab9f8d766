import fc from "fast-check";
import { FRESH_JOB, type Case } from "./case.ts";
import { FORM_TYPE } from "./carry.ts";
import type { Population } from "./population.ts";

const MIB = 1024 * 1024;
/** Begins as no text does, or a small one called a form would be read as one. */
const bytes = fc
  .uint8Array({ minLength: 0, maxLength: 300 })
  .map((body) => Buffer.concat([Buffer.from([0xff, 0]), body]));
const types = fc.constantFrom(undefined, "video/mp4", "application/octet-stream", FORM_TYPE, ";", "x");

const post = (
  population: Population,
  what: string,
  query: string,
  type: string | undefined,
  body: Buffer,
  expected: Case["expected"],
): Case => ({
  what: `POST /api/job/add_media (by body): ${what}`,
  request: {
    method: "POST",
    target: `/api/job/add_media?${query}`,
    headers: {
      authorization: `Bearer ${population.tokens.alice}`,
      ...(type === undefined ? {} : { "content-type": type }),
    },
    body,
  },
  expected,
});

/** Types under which nothing is media, whatever it holds. */
const noMediaTypes = fc.constantFrom(
  "multipart/form-data; boundary=x",
  "multipart/mixed",
  "text/plain",
  "Text/Vnd.Trolltech.Linguist",
  "application/xml",
  "image/svg+xml",
  "application/javascript",
);
/** Types that say nothing about what begins like something else. */
const looseTypes = fc.constantFrom(undefined, "video/mp4", "application/octet-stream", ";");

const boundary = fc.string({
  unit: fc.constantFrom(...Array.from("-abAB019'()+_,./:=?")),
  minLength: 1,
  maxLength: 70,
});
const envelope = fc
  .tuple(boundary, fc.constantFrom("", "Content-Type: video/mp4\r\n"), bytes)
  .map(([mark, header, body]) =>
    Buffer.concat([
      Buffer.from(`--${mark}\r\n${header}Content-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n`),
      body,
      Buffer.from(`\r\n--${mark}--\r\n`),
    ]),
  );
/** Without the control characters that would make it binary. */
const text = fc.string({ maxLength: 60, unit: "grapheme" }).filter((each) => !/\p{Cc}/u.test(each));
const noMedia = fc.oneof(
  envelope,
  fc
    .oneof(
      fc.dictionary(text, fc.jsonValue({ maxDepth: 2 })).map((value) => JSON.stringify(value, undefined, 2)),
      fc.array(fc.jsonValue({ maxDepth: 2 })).map((value) => JSON.stringify(value)),
      fc.tuple(fc.constantFrom("file", "media_url", "a%5Bb%5D", "a[b]", "x-y"), text).map((pair) => pair.join("=")),
      text.map((each) => `<?xml version="1.0"?><a>${each}</a>`),
    )
    // A DEL stands in JSON as it is, and makes it binary.
    .filter((each) => !each.includes("\x7f"))
    .map((each) => Buffer.from(each)),
);

/** Media as a raw body: whatever is neither JSON nor a form. */
export const mediaBodies = (population: Population): fc.Arbitrary<Case> =>
  fc.tuple(types, bytes).map(([type, body]) =>
    post(population, `type ${type ?? "none"}`, `v=1&job_id=${FRESH_JOB}`, type, body, {
      status: 200,
      fields: ["TaskId"],
    }),
  );

export const brokenMediaBodies = (population: Population): fc.Arbitrary<Case> => {
  const refused = (what: string, query: string, status: number, errorType: string, body = Buffer.from([0xff, 0])) =>
    fc.constant(post(population, what, query, "video/mp4", body, { status, errorType }));
  const onFreshJob = `v=1&job_id=${FRESH_JOB}`;
  const badRequest = { status: 400, errorType: "INVALID_QUERY" };
  return fc.oneof(
    fc
      .tuple(noMediaTypes, bytes)
      .map(([type, body]) => post(population, `media called ${type}`, onFreshJob, type, body, badRequest)),
    fc
      .tuple(looseTypes, noMedia)
      .map(([type, body]) =>
        post(population, `no media called ${type ?? "nothing"}`, onFreshJob, type, body, badRequest),
      ),
    refused("empty", `v=1&job_id=${FRESH_JOB}`, 400, "MISSING_PARAMETER", Buffer.alloc(0)),
    refused(
      "a URL beside it",
      `v=1&job_id=${FRESH_JOB}&media_url=https%3A%2F%2Fa.example.com%2F`,
      400,
      "INVALID_QUERY",
    ),
    refused("no job", "v=1", 400, "MISSING_PARAMETER"),
    refused("no version", `job_id=${FRESH_JOB}`, 400, "MISSING_PARAMETER"),
    refused("a foreign job", `v=1&job_id=${population.foreignJobs[0] ?? ""}`, 404, "ITEM_NOT_FOUND"),
    refused("a job that has its media", `v=1&job_id=${population.deliveredJobs[0] ?? ""}`, 409, "JOB_HAS_MEDIA"),
  );
};

/** Too large for the function's own limit, and for the gateway's. Few of these: each is megabytes. */
export const hugeMediaBodies = (population: Population): readonly Case[] => [
  post(population, "over 4 MiB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(4 * MIB + 1, 1), {
    status: 413,
    errorType: "MEDIA_TOO_LARGE",
  }),
  post(population, "over 4.7 MB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(5 * MIB, 1), { status: 413 }),
  post(population, "over 10 MB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(10 * MIB + 1, 1), {
    status: 413,
  }),
];
