import fc from "fast-check";
import { FRESH_JOB, type Case } from "./case.ts";
import { FORM_TYPE } from "./carry.ts";
import type { World } from "./world.ts";

const MIB = 1024 * 1024;
/** Begins as no text does, or a small one called a form would be read as one. */
const bytes = fc
  .uint8Array({ minLength: 0, maxLength: 300 })
  .map((body) => Buffer.concat([Buffer.from([0xff, 0]), body]));
const types = fc.constantFrom(undefined, "video/mp4", "application/octet-stream", "text/plain", FORM_TYPE, ";", "x");

const post = (
  world: World,
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
      authorization: `Bearer ${world.tokens.alice}`,
      ...(type === undefined ? {} : { "content-type": type }),
    },
    body,
  },
  expected,
});

/** Media as a raw body: whatever is neither JSON nor a form. */
export const mediaBodies = (world: World): fc.Arbitrary<Case> =>
  fc.tuple(types, bytes).map(([type, body]) =>
    // text/plain reaches functions as text, in which bytes that are no UTF-8 are replaced: still media.
    post(world, `type ${type ?? "none"}`, `v=1&job_id=${FRESH_JOB}`, type, body, { status: 200, fields: ["TaskId"] }),
  );

export const brokenMediaBodies = (world: World): fc.Arbitrary<Case> => {
  const refused = (what: string, query: string, status: number, errorType: string, body = Buffer.from([0xff, 0])) =>
    fc.constant(post(world, what, query, "video/mp4", body, { status, errorType }));
  return fc.oneof(
    refused("empty", `v=1&job_id=${FRESH_JOB}`, 400, "MISSING_PARAMETER", Buffer.alloc(0)),
    refused(
      "a URL beside it",
      `v=1&job_id=${FRESH_JOB}&media_url=https%3A%2F%2Fa.example.com%2F`,
      400,
      "INVALID_QUERY",
    ),
    refused("no job", "v=1", 400, "MISSING_PARAMETER"),
    refused("no version", `job_id=${FRESH_JOB}`, 400, "MISSING_PARAMETER"),
    refused("a foreign job", `v=1&job_id=${world.foreignJobs[0] ?? ""}`, 404, "ITEM_NOT_FOUND"),
    refused("a job that has its media", `v=1&job_id=${world.deliveredJobs[0] ?? ""}`, 409, "JOB_HAS_MEDIA"),
  );
};

/** Too large for the function's own limit, and for the gateway's. Few of these: each is megabytes. */
export const hugeMediaBodies = (world: World): readonly Case[] => [
  post(world, "over 4 MiB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(4 * MIB + 1, 1), {
    status: 413,
    errorType: "MEDIA_TOO_LARGE",
  }),
  post(world, "over 6 MB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(5 * MIB, 1), { status: 413 }),
  post(world, "over 10 MB", `v=1&job_id=${FRESH_JOB}`, "video/mp4", Buffer.alloc(10 * MIB + 1, 1), { status: 413 }),
];
