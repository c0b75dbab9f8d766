import type { IncomingMessage } from "node:http";

const MAX_BODY_BYTES = 1024 * 1024;

/** Every parameter that cielo24's documentation has for the calls that are simulated. */
const DOCUMENTED: ReadonlySet<string> = new Set([
  ...["v", "api_token", "username", "securekey", "password", "account_id", "force_new"],
  ...["job_id", "job_name", "language", "external_id", "is_duplicate", "requestor", "reference", "expected_speakers"],
  ...["media_url", "reference_id", "requestor_id", "task_id"],
  ...["transcription_fidelity", "priority", "callback_url", "target_language", "turnaround_hours", "options"],
  "standard_product",
]);

export const isDocumented = (name: string): boolean => DOCUMENTED.has(name);

/** Whether a body holds parameters, as JSON or as a form. Every other body is media. */
export const holdsParameters = ({ headers }: IncomingMessage): boolean =>
  /^application\/(json|x-www-form-urlencoded)\b/i.test(headers["content-type"] ?? "");

/** The parameters of a call, from the query and from a JSON or form body. */
export const readParameters = async (
  request: IncomingMessage,
  query: URLSearchParams,
  readsBody: boolean,
): Promise<Map<string, string>> => {
  const parameters = new Map(query);
  if (!readsBody) return parameters;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error("The body is too large");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return parameters;
  if (/json/i.test(request.headers["content-type"] ?? "")) {
    for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, unknown>))
      parameters.set(name, String(value));
  } else {
    for (const [name, value] of new URLSearchParams(text)) parameters.set(name, value);
  }
  return parameters;
};
