import type { IncomingHttpHeaders } from "node:http";
import type { RawAnswer } from "../harness/raw-client.ts";
import { CANARY, type Expected } from "./case.ts";

/** Traces of a program that fell over, in an answer. */
const STACK_TRACE =
  /\n\s+at |node:internal|file:\/\/|\.[cm]?[jt]s:\d+|\b(?:TypeError|RangeError|SyntaxError|ReferenceError)\b/;

/** What is wrong with an answer; undefined where nothing is. */
export const complaint = (
  { status, headers, body }: RawAnswer,
  expected: Expected,
  method: string,
): string | undefined => {
  if (status !== expected.status) return `status ${status} in place of ${expected.status}: ${body.slice(0, 200)}`;
  const text = JSON.stringify(headers) + body;
  if (text.includes(CANARY)) return "the answer repeats a secret";
  if (STACK_TRACE.test(text)) return "the answer shows a stack trace";
  if (method === "HEAD") return body === "" ? undefined : "an answer to HEAD has a body";
  if (status === 302) return headers.location ? undefined : "a redirect leads nowhere";
  return complaintAboutBody(status, headers, body, expected);
};

const complaintAboutBody = (
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  { errorType, fields = [] }: Expected,
): string | undefined => {
  const parsed = parse(body);
  if (!parsed) return `the body is no JSON object: ${body.slice(0, 100)}`;
  const names = Object.keys(parsed).toSorted().join();
  if (status < 300) {
    const lacking = fields.filter((name) => !(name in parsed));
    return lacking.length > 0 ? `the answer lacks ${lacking.join()}` : undefined;
  }
  if (errorType === undefined) return names === "message" ? undefined : `no answer of the gateway's: ${names}`;
  if (parsed["ErrorType"] !== errorType)
    return `${String(parsed["ErrorType"])} in place of ${errorType}: ${String(parsed["ErrorComment"])}`;
  if (names !== "ErrorComment,ErrorType,RequestId") return `not cielo24's format: ${names}`;
  if (headers["cache-control"] !== "no-store") return "an error may be stored";
  return undefined;
};

const parse = (body: string): Record<string, unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};
