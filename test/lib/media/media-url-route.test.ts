import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { error, errorOf, sendAs, type Send } from "../../harness/api.ts";
import { startStack, type Stack } from "../../../dev/stack.ts";
import { badUrls } from "./ssrf/corpus.ts";
import { LEGITIMATE_URLS } from "./ssrf/legitimate.ts";

const MAX_PARAMETERS_BYTES = 64 * 1024;
/** Hundreds of requests, on a busy machine. */
const TIMEOUT_MS = 180_000;
/** Not all at once: a server's queue of new connections is short, and it resets what does not fit. */
const AT_A_TIME = 20;
const eachOf = async <T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_A_TIME)
    results.push(...(await Promise.all(items.slice(at, at + AT_A_TIME).map(act))));
  return results;
};
/** A connection for each request: on a busy machine, the server may close a kept one just as it is used again. */
const HEADERS = { "content-type": "application/json", connection: "close" };

describe("add_media by URL, on the corpus", () => {
  const fetched: string[] = [];
  let stack: Stack;
  let alice: Send;
  beforeAll(async () => {
    stack = await startStack({
      fetchMedia: (url) => {
        fetched.push(url);
        return Promise.resolve(Buffer.from("media"));
      },
    });
    alice = sendAs({ stack }, { sub: "alice" });
  });
  afterAll(() => stack.close());

  // JSON may hold this one as it is, but a body with it looks like binary data.
  const bodyOf = (job_id: string, media_url: string): string =>
    JSON.stringify({ job_id, media_url }).replaceAll("\x7f", "\\u007f");
  const add = async (media_url: string) => {
    const body = bodyOf(stack.cielo24?.addJob() ?? "", media_url);
    return alice("POST", "/api/job/add_media?v=1", { headers: HEADERS, body });
  };

  it(
    "refuses every bad URL in cielo24's format, before anybody else hears of it",
    async () => {
      const { bucketName, apiUrl } = stack;
      const ownHosts = [new URL(apiUrl).hostname, "local.execute-api.us-east-1.amazonaws.com"];
      const texts = Object.values(badUrls({ ownBucket: bucketName, ownHosts })).flat();
      const answers = await eachOf(texts, async (text) => ({ text, ...errorOf(await add(text)) }));
      const refusal = error(400, "INVALID_URL", /^media_url (must|is) /);
      // What is larger than all parameters may be is not even parsed.
      const tooLarge = error(413, "BODY_TOO_LARGE", /64 KiB/);
      expect(answers).toEqual(
        texts.map((text) => ({
          text,
          ...(Buffer.byteLength(bodyOf("0".repeat(32), text)) > MAX_PARAMETERS_BYTES ? tooLarge : refusal),
        })),
      );
      expect(stack.aws.calls).not.toContainEqual(expect.stringMatching(/Item|SendMessage|Secret|Events/));
      expect(stack.cielo24?.logins()).toBe(0);
      expect(stack.cielo24?.acceptances).toEqual([]);
      expect(fetched).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "lets cielo24 fetch every legitimate one, as a parser writes it",
    async () => {
      const answers = await eachOf(LEGITIMATE_URLS, async (text) => ({ text, status: (await add(text)).status }));
      expect(answers).toEqual(LEGITIMATE_URLS.map((text) => ({ text, status: 200 })));
      expect(fetched.toSorted()).toEqual(LEGITIMATE_URLS.map((text) => new URL(text).href).toSorted());
    },
    TIMEOUT_MS,
  );
});
