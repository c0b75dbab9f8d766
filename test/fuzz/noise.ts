import fc from "fast-check";
import { meantParameter } from "../../lib/http/validate.ts";
import type { Case } from "./case.ts";
import { FIELDS } from "./fields.ts";

/** Names that mean something to JavaScript, or to a careless reader of parameters. */
const ODD_NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "isBase64Encoded",
  "rawQueryString",
  "requestContext",
  "caller",
  "deadline",
  "mediaBody",
  "a[b]",
  "a.b",
  "0",
  "ü",
  "job_key",
  "media",
  "request_id",
];

const isCredential = (name: string): boolean =>
  ["apitoken", "username", "password", "securekey"].includes(name.toLowerCase().replace(/[-_]/g, ""));

/** A known parameter in another spelling is no noise: it is refused where the known one is missing. */
const isMisspelt = (name: string): boolean => meantParameter(name, Object.keys(FIELDS)) !== undefined;

const name = fc
  .oneof(fc.constantFrom(...ODD_NAMES), fc.string({ minLength: 1, maxLength: 10, unit: "grapheme" }))
  .filter((text) => !isMisspelt(text) && !isCredential(text));

const parameters = fc.uniqueArray(fc.tuple(name, fc.string({ maxLength: 10, unit: "grapheme" })), {
  maxLength: 3,
  selector: ([each]) => each,
});

/** What the head of a request may hold, and no function may care about. */
const headers = fc.dictionary(
  fc.constantFrom(
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "constructor",
    "cookie",
    "forwarded",
    "from",
    "hasownproperty",
    "if-match",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "tostring",
    "user-agent",
    "via",
    "x-amz-date",
    "x-api-key",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-http-method-override",
    "x-original-url",
    "x-request-id",
  ),
  fc.string({ maxLength: 30, unit: "binary" }).map((text) => text.replace(/[^ -~\x80-\xff]/g, "_")),
  { maxKeys: 4 },
);

/** The same case with unknown parameters in its query and idle headers: the answer stays the same. */
export const withNoise = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(cases, parameters, headers).map(([{ request, ...others }, more, moreHeaders]) => {
    const query = more.map(([each, value]) => `${encodeURIComponent(each)}=${encodeURIComponent(value)}`).join("&");
    const joint = query === "" ? "" : request.target.includes("?") ? "&" : "?";
    return {
      ...others,
      request: {
        ...request,
        target: `${request.target}${joint}${query}`,
        headers: { ...moreHeaders, ...request.headers },
      },
    };
  });
