import fc from "fast-check";
import { IPV4 } from "../lib/media/ssrf/ipv4.ts";
import { IPV6 } from "../lib/media/ssrf/ipv6.ts";
import { LEGITIMATE_URLS } from "../lib/media/ssrf/legitimate.ts";
import { NAMES } from "../lib/media/ssrf/names.ts";
import { SPELLINGS } from "../lib/media/ssrf/spelling.ts";
import { FRESH_JOB } from "./case.ts";

/** One parameter: values that its schema takes, and values that it refuses with this error. */
export interface Field {
  readonly valid: fc.Arbitrary<string>;
  readonly broken: fc.Arbitrary<string>;
  readonly errorType: "INVALID_QUERY" | "INVALID_OPTION" | "INVALID_URL";
}

/** What breaks programs that take text for granted. */
const nastyText = fc.constantFrom(
  "\0",
  "\u0001",
  "\x7f",
  "\r\nX-Injected: 1",
  "__proto__",
  "constructor",
  "[object Object]",
  "../../etc/passwd",
  "' OR 1=1 --",
  "${jndi:ldap://x}",
  "{{7*7}}",
  "<script>",
  "%00",
  "NaN",
  "-0",
  "1e999",
  "\u{1f4a9}".repeat(10),
  "a".repeat(3000),
);

const anyText = fc.oneof(fc.string({ minLength: 1, unit: "binary" }), nastyText);
/** Not empty: an empty value says as much as none. */
const textUnlike = (pattern: RegExp) => anyText.filter((text) => !pattern.test(text));

const digits = (min: number, max: number) => fc.integer({ min, max }).map(String);

const HEX = Array.from("0123456789abcdef");
/** cielo24 knows none of these. */
export const unknownId = fc.string({ unit: fc.constantFrom(...HEX), minLength: 32, maxLength: 32 });

/** With the hyphens of a UUID. */
export const asUuid = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

const CONTROL = /\p{Cc}/u;
const plainText: Field = {
  valid: fc
    .oneof(fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }), fc.constant("a".repeat(2048)))
    .filter((text) => !CONTROL.test(text)),
  broken: fc.oneof(
    fc.constantFrom("\0", "a\nb", "\r\n", "\t", "\x7f", "\x1b[31m", "a".repeat(2049)),
    fc.string({ maxLength: 20 }).map((text) => `${text}\0`),
  ),
  errorType: "INVALID_QUERY",
};

const badUrls = Object.values({ ...IPV4, ...IPV6, ...NAMES, ...SPELLINGS })
  .flat()
  // Longer ones do not fit into the head of a request, and half a character into no query.
  .filter((url) => url.length < 4000 && url.isWellFormed());

const contentLength: Field = {
  valid: digits(1, 2_000_000_000),
  broken: fc.oneof(
    fc.constantFrom("0", "-1", "1.5", "0x10", "1e3", " 1", "1 ", "１", "9".repeat(16), "9".repeat(400)),
    textUnlike(/^\d+$/),
  ),
  errorType: "INVALID_QUERY",
};

/** Every parameter that any schema names. */
export const FIELDS = {
  v: { valid: fc.constant("1"), broken: textUnlike(/^1$/), errorType: "INVALID_OPTION" },
  job_id: {
    valid: fc.constant(FRESH_JOB),
    broken: fc.oneof(
      unknownId.map((id) => id.slice(1)),
      unknownId.map((id) => `${id}0`),
      unknownId.map((id) => `{${asUuid(id)}}`),
      unknownId.map((id) => `${id.slice(0, 16)}-${id.slice(16)}`),
      unknownId.map((id) => asUuid(id).replace("-", "")),
      unknownId.map((id) => `${id}\n`),
      unknownId.map((id) => `g${id.slice(1)}`),
      unknownId.map((id) => `０${id.slice(1)}`),
      textUnlike(/^[0-9a-f-]{32,36}$/i),
    ),
    errorType: "INVALID_QUERY",
  },
  reference_id: plainText,
  requestor_id: plainText,
  filename: plainText,
  media_url: {
    valid: fc.constantFrom(...LEGITIMATE_URLS),
    broken: fc.constantFrom(...badUrls),
    errorType: "INVALID_URL",
  },
  is_duplicate: {
    valid: fc.constantFrom("true", "false", "True", "FALSE", "tRuE"),
    broken: textUnlike(/^(true|false)$/i),
    errorType: "INVALID_OPTION",
  },
  wait: {
    valid: digits(0, 20),
    broken: fc.oneof(fc.constantFrom("21", "-1", "0.5", "1e1", "9".repeat(15)), textUnlike(/^\d+$/)),
    errorType: "INVALID_QUERY",
  },
  content_length: contentLength,
  content_type: {
    valid: fc.constantFrom("video/mp4", "audio/x-wav", "application/vnd.apple.mpegurl", "text/plain; charset=utf-8"),
    broken: fc.oneof(
      fc.constantFrom("video", "video/", "/mp4", "video/mp4\r\nx: y", "video/mp4; ü=1", "video mp4", "a/".repeat(1200)),
      textUnlike(/\//),
    ),
    errorType: "INVALID_QUERY",
  },
  method: {
    valid: fc.constantFrom("PUT", "put", "Put"),
    broken: fc.oneof(fc.constantFrom("PATCH", "HEAD", "OPTIONS", "CONNECT"), textUnlike(/^(get|put|post|delete)$/i)),
    errorType: "INVALID_OPTION",
  },
  key: {
    valid: fc.constant(`media/${FRESH_JOB}/${"a1".repeat(16)}/a.mp4`),
    broken: fc.oneof(
      fc.constantFrom("a".repeat(1025), `media/${FRESH_JOB}/a.mp4`, `media/${FRESH_JOB}/`, "media/"),
      unknownId.map((id) => `media/${id}/${id}/a.mp4`),
      textUnlike(/^media\//),
    ),
    errorType: "INVALID_QUERY",
  },
  upload_id: {
    valid: fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom(...HEX, "-", "_", ".", "~", "!", "+") }),
    broken: fc.oneof(fc.constantFrom("a b", "ü", "\t", "a".repeat(1025)), textUnlike(/^[!-~]+$/)),
    errorType: "INVALID_QUERY",
  },
  part_number: {
    valid: digits(1, 10_000),
    broken: fc.oneof(fc.constantFrom("0", "10001", "-1", "1.0", "9".repeat(15)), textUnlike(/^\d+$/)),
    errorType: "INVALID_QUERY",
  },
} as const satisfies Readonly<Record<string, Field>>;

export type FieldName = keyof typeof FIELDS;
