import fc from "fast-check";
import { CANARY, type Case, type Expected } from "./case.ts";
import { FORM_TYPE, encodePairs, toJson } from "./carry.ts";
import { FIELDS, unknownId, type FieldName } from "./fields.ts";
import { request, type Draft } from "./valid.ts";
import type { Population } from "./population.ts";

type Mutation = (draft: Draft, population: Population) => fc.Arbitrary<Case> | undefined;

const refusal = (draft: Draft, what: string, changed: Case["request"], expected: Expected): Case => ({
  what: `${draft.routeKey} (${draft.use.name}): ${what}`,
  request: changed,
  expected,
});
const invalidQuery = { status: 400, errorType: "INVALID_QUERY" };
const missing = { status: 400, errorType: "MISSING_PARAMETER" };

const without = (draft: Draft, name: string): Draft => ({
  ...draft,
  parameters: Object.fromEntries(Object.entries(draft.parameters).filter(([each]) => each !== name)),
});
const withValue = (draft: Draft, name: string, value: string): Draft => ({
  ...draft,
  parameters: { ...draft.parameters, [name]: value },
});
/** More in the query of a request, as it is. */
const withQuery = (draft: Draft, query: string): Case["request"] => {
  const made = request(draft);
  return { ...made, target: `${made.target}${made.target.includes("?") ? "&" : "?"}${query}` };
};
/** All of the draft in the query, and a body of one's own. */
const withBody = (draft: Draft, type: string | undefined, body: string | Buffer): Case["request"] => {
  const made = request({ ...draft, carrier: "query" });
  return { ...made, headers: { ...made.headers, ...(type === undefined ? {} : { "content-type": type }) }, body };
};

const isNewUpload = ({ use: { name } }: Draft): boolean => ["one PUT", "PUT", "create"].includes(name);

const names = (draft: Draft) => Object.keys(draft.parameters) as FieldName[];

const CREDENTIALS = [
  "api_token",
  "API_TOKEN",
  "apiToken",
  "api-token",
  "username",
  "password",
  "securekey",
  "SecureKey",
];
const AUTH_HEADERS = ["x-auth-user", "x-auth-password", "x-auth-securekey", "X-Auth-Key"];

/** What callers write for parameters. */
const MISSPELT: Partial<Readonly<Record<FieldName, readonly string[]>>> = {
  job_id: ["jobId", "JOB_ID", "job-id", "jobid", "job_di", "job"],
  media_url: ["mediaUrl", "media-url", "media_uri", "url"],
  is_duplicate: ["isDuplicate", "is_dublicate", "duplicate"],
  reference_id: ["referenceId", "refrence_id"],
  requestor_id: ["requestorId", "requester_id"],
  filename: ["file_name", "fileName", "filenam"],
  content_length: ["size", "filesize", "contentLength", "content_lenght"],
  content_type: ["contentType", "content-type", "mimetype"],
  upload_id: ["uploadId", "upload"],
  part_number: ["partNumber", "partnumber", "part"],
  wait: ["Wait", "wait_s"],
};

/** A value nested so deep that a parser which recurses runs out of stack. */
const deepJson = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

const NO_PARAMETERS = [
  "[]",
  '["v=1"]',
  "null",
  '"job_id=1"',
  "1",
  "true",
  "{",
  "{'v': 1}",
  '{"v":1,}',
  "NaN",
  '{"a":1}{"b":2}',
  '{"a":undefined}',
  "\0",
  deepJson(30_000, "[", "]"),
  `{"a":${deepJson(30_000, "[", "]")}}`,
  `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
];

/** Changes of a right request after which there is one right refusal, by name. */
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "a parameter is missing": (draft) => {
    const removable = draft.use.required.filter((name) => !draft.use.telling?.includes(name));
    return fc
      .tuple(fc.constantFrom(...removable), fc.boolean())
      .map(([name, isEmpty]) =>
        refusal(
          draft,
          `${name} is ${isEmpty ? "empty" : "missing"}`,
          request(isEmpty ? withValue(draft, name, "") : without(draft, name)),
          missing,
        ),
      );
  },
  "a parameter is broken": (draft) =>
    fc.constantFrom(...draft.use.required, ...draft.use.optional).chain((name) =>
      FIELDS[name].broken.map((value) =>
        refusal(draft, `${name} is broken`, request(withValue(draft, name, value)), {
          status: 400,
          errorType: FIELDS[name].errorType,
        }),
      ),
    ),
  "a parameter is misspelt": (draft) => {
    const misspelt = [...draft.use.required, ...draft.use.optional].flatMap((name) =>
      (MISSPELT[name] ?? []).map((written) => ({ name, written })),
    );
    return fc
      .constantFrom(...misspelt)
      .map(({ name, written }) =>
        refusal(
          draft,
          `${written} in place of ${name}`,
          request(withValue(without(draft, name), written, "1")),
          invalidQuery,
        ),
      );
  },
  "a parameter comes twice": (draft) =>
    fc.constantFrom(...names(draft)).map((name) => {
      const pair = encodePairs([[name, draft.parameters[name] ?? ""]]);
      return refusal(draft, `${name} comes twice`, withQuery({ ...draft, carrier: "query" }, pair), invalidQuery);
    }),
  "query and body differ": (draft) =>
    fc.constantFrom(...names(draft).filter((name) => name !== "v")).map((name) => {
      const made = withQuery(
        { ...draft, carrier: draft.carrier === "query" ? "json" : draft.carrier },
        encodePairs([[name, `${draft.parameters[name] ?? ""}x`]]),
      );
      return refusal(draft, `${name} differs between query and body`, made, invalidQuery);
    }),
  "credentials are sent": (draft) =>
    fc
      .tuple(fc.constantFrom(...CREDENTIALS), fc.constantFrom("query", "same"))
      .map(([name, where]) =>
        refusal(
          draft,
          `${name} in the ${where === "query" ? "query" : draft.carrier}`,
          where === "query" ? withQuery(draft, encodePairs([[name, CANARY]])) : request(withValue(draft, name, CANARY)),
          invalidQuery,
        ),
      ),
  "credentials are sent as headers": (draft) =>
    fc.constantFrom(...AUTH_HEADERS).map((name) => {
      const made = request(draft);
      return refusal(
        draft,
        `the header ${name}`,
        { ...made, headers: { ...made.headers, [name]: CANARY } },
        invalidQuery,
      );
    }),
  "percent-encoding is broken": (draft) =>
    fc
      .constantFrom("x=%", "x=%z1", "x=%C3%28", "x=%FF", "%FF=1", "x=%ED%A0%80", "x=a%0", "%=%", "x=%u0041")
      .map((query) => refusal(draft, `the query has ${query}`, withQuery(draft, query), invalidQuery)),
  "the body is no parameters": (draft) =>
    fc
      .constantFrom(...NO_PARAMETERS)
      .map((body) =>
        refusal(draft, `the JSON is ${body.slice(0, 20)}`, withBody(draft, "application/json", body), invalidQuery),
      ),
  "JSON has values of the wrong type": (draft) =>
    fc
      .tuple(
        fc.constantFrom(...names(draft), "x"),
        fc.oneof(
          fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 2 }),
          fc.dictionary(fc.constantFrom("__proto__", "toString", "a"), fc.jsonValue({ maxDepth: 2 })),
        ),
      )
      .map(([name, value]) =>
        refusal(
          draft,
          `${name} is an array or object`,
          withBody(draft, "application/json", toJson({ [name]: value })),
          invalidQuery,
        ),
      ),
  "the body is not UTF-8": (draft) =>
    fc
      .constantFrom(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), Buffer.from('{"a":"b"}', "utf16le"), Buffer.alloc(9))
      .map((body) => refusal(draft, "the JSON is not UTF-8", withBody(draft, "application/json", body), invalidQuery)),
  "the type of the body is none of ours": (draft) =>
    fc
      .tuple(
        fc.constantFrom(
          "text/plain",
          "text/html",
          "multipart/form-data; boundary=x",
          "application/xml",
          "application/octet-stream",
          "video/mp4",
          "application/jsonx",
          "json",
          ";",
          ",application/json",
          undefined,
        ),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
      )
      // Where media is taken, it must not come beside a media_url.
      .map(([type, body]) =>
        refusal(draft, `a body of type ${type ?? "nothing"}`, withBody(draft, type, Buffer.from(body)), invalidQuery),
      ),
  "the parameters in the body are too large": (draft) =>
    fc
      .constantFrom<readonly [string, (length: number) => string]>(
        ["application/json", (length) => toJson({ x: "a".repeat(length) })],
        ["application/json", (length) => "[".repeat(length)],
        [FORM_TYPE, (length) => `x=${"a".repeat(length)}`],
        [FORM_TYPE, (length) => "%".repeat(length)],
        [FORM_TYPE, (length) => "a&".repeat(length / 2)],
      )
      .map(([type, body]) =>
        refusal(draft, `a large body of type ${type}`, withBody(draft, type, body(70_000)), {
          status: 413,
          errorType: "BODY_TOO_LARGE",
        }),
      ),
  "JSON comes as a form": (draft) =>
    fc.constant(refusal(draft, "JSON as a form", withBody(draft, FORM_TYPE, '{"x":"1"}'), invalidQuery)),
  "half of a character": (draft) => {
    const name = (["reference_id", "filename"] as const).find((each) =>
      [...draft.use.required, ...draft.use.optional].includes(each),
    );
    if (!name) return undefined;
    const changed = { ...withValue(draft, name, "\ud800"), carrier: "json" as const };
    return fc.constant(refusal(draft, `${name} is half of a character`, request(changed), invalidQuery));
  },
  "a foreign job": (draft, { foreignJobs }) =>
    fc.constantFrom(...foreignJobs).map((id) =>
      refusal(draft, "a foreign job", request(withValue(draft, "job_id", id)), {
        status: 404,
        errorType: "ITEM_NOT_FOUND",
      }),
    ),
  "a job that nobody knows": (draft) =>
    /update_metadata|delivery/.test(draft.routeKey) || isNewUpload(draft)
      ? unknownId.map((id) =>
          refusal(draft, "an unknown job", request(withValue(draft, "job_id", id)), {
            status: 404,
            errorType: "ITEM_NOT_FOUND",
          }),
        )
      : undefined,
  "a job that has its media": (draft, { deliveredJobs }) =>
    isNewUpload(draft) || draft.use.name === "by URL"
      ? fc.constantFrom(...deliveredJobs).map((id) =>
          refusal(draft, "a job that has its media", request(withValue(draft, "job_id", id)), {
            status: 409,
            errorType: "JOB_HAS_MEDIA",
          }),
        )
      : undefined,
  "media that is too large": (draft) =>
    ["one PUT", "PUT", "part"].includes(draft.use.name)
      ? fc.integer({ min: 5_368_709_121, max: 999_999_999_999_999 }).map((size) =>
          refusal(draft, "too large", request(withValue(draft, "content_length", String(size))), {
            status: 413,
            errorType: "MEDIA_TOO_LARGE",
          }),
        )
      : undefined,
  "no token, or one that is none": (draft) =>
    fc
      .constantFrom(undefined, "", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", `Bearer ${CANARY}`)
      .map((authorization) => {
        const changed = { ...draft, headers: authorization === undefined ? {} : { authorization } };
        return refusal(draft, `authorization ${String(authorization)}`, request(changed), { status: 401 });
      }),
  "a token that has expired, or lost its end": (draft, { tokens }) =>
    fc
      .constantFrom(tokens.expired, tokens.alice.slice(0, -10), `${tokens.alice}x`, tokens.alice.replace(".", ".e30"))
      .map((token) =>
        refusal(draft, "a bad token", request({ ...draft, headers: { authorization: `Bearer ${token}` } }), {
          status: 401,
        }),
      ),
  "a token without the scope": (draft, { tokens }) =>
    fc.constant(
      refusal(draft, "no scope", request({ ...draft, headers: { authorization: `Bearer ${tokens.powerless}` } }), {
        status: 403,
      }),
    ),
};

const BROKEN_WEIGHT = 10;

/** Everything that can be done to a right request, and the one right answer to it. */
export const broken = (drafts: fc.Arbitrary<Draft>, population: Population): fc.Arbitrary<Case> =>
  drafts.chain((draft) => {
    const cases = Object.entries(MUTATIONS).flatMap(([name, mutate]) => {
      const arbitrary = mutate(draft, population);
      // Each parameter has many ways of being broken; the rest has a few.
      return arbitrary ? [{ arbitrary, weight: name === "a parameter is broken" ? BROKEN_WEIGHT : 1 }] : [];
    });
    return fc.oneof(...cases);
  });
