import type { StackOptions, Stack } from "../../dev/stack.ts";
import { createScanner } from "./scanner.ts";

type OnAnswer = NonNullable<StackOptions["onAnswer"]>;
type Answers = readonly { readonly path: string; readonly text: string }[];

/** Answers that carry a signed URL because that is what they are for. */
const SIGNING_ROUTES = /^\/api\/job\/(request_upload_url|sign_upload)$|^\/media\//;
const SIGNED_URL = /X-Amz-Signature=|X-Amz-Credential=/i;
/** A stack whose token is made to expire again and again issues hundreds; the newest are searched for. */
const MAX_TOKENS = 40;

/** Collects the answers of a stack's gateway, headers included. */
export const watchAnswers = (): { readonly onAnswer: OnAnswer; readonly answers: Answers } => {
  const answers: { path: string; text: string }[] = [];
  return {
    answers,
    onAnswer: (path, { status, headers, body }) => {
      answers.push({ path, text: `${status} ${JSON.stringify(headers)} ${body.toString("utf8")}` });
    },
  };
};

/**
 * Searches everything that a stack wrote (log lines, answers with their headers, rows, messages, events) for the tokens
 * that the simulated cielo24 issued, the account's credentials, signed URLs and capability URLs.
 *
 * @returns what was found where, without the secret itself
 */
export const findLeaks = async (stack: Stack, answers: Answers): Promise<string[]> => {
  const rows: string[] = [];
  const capabilities: Record<string, string> = {};
  for await (const { capability, ...row } of stack.ledger.scan()) {
    rows.push(JSON.stringify(row));
    // A capability is the row's to keep, and nobody else's.
    if (capability !== undefined) capabilities[`the capability of ${row.jobId}`] = capability;
  }
  const tokens = (stack.cielo24?.issuedTokens ?? []).slice(-MAX_TOKENS);
  const scanner = createScanner({
    ...Object.fromEntries(tokens.map((token, index) => [`api_token ${index + 1}`, token])),
    securekey: stack.credentials.securekey,
    password: stack.credentials.password,
    "the functions' secret access key": stack.env["AWS_SECRET_ACCESS_KEY"] ?? stack.operator.secretAccessKey,
    ...capabilities,
  });
  const queues = [stack.queue, stack.deadLetterQueue].flatMap((queue) => Object.values(queue.inspect()).flat());
  const sinks: Readonly<Record<string, readonly string[]>> = {
    "log lines": stack.logs,
    answers: answers.map(({ text }) => text),
    rows,
    messages: queues.map((message) => JSON.stringify(message)),
    events: stack.events.map((event) => JSON.stringify(event)),
  };
  const found: string[] = [];
  for (const [name, texts] of Object.entries(sinks)) {
    for (const { secret, encoding } of scanner.scan(texts.join("\n"))) found.push(`${name}: ${secret} (${encoding})`);
    const mayBeSigned = (index: number) => name === "answers" && SIGNING_ROUTES.test(answers[index]?.path ?? "");
    if (texts.some((text, index) => SIGNED_URL.test(text) && !mayBeSigned(index))) found.push(`${name}: a signed URL`);
  }
  return found;
};
