import { afterEach, describe, expect, it } from "@jest/globals";
import { createScrubber } from "../../../lib/cielo24/credentials.ts";
import { randomHex } from "../../../lib/runtime.ts";
import { startAccount, within } from "./fixture.ts";

describe("what cielo24 says about a secret", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  const token = "0123456789abcdef0123456789abcdeX";
  const scrubber = createScrubber();
  scrubber.learn(token);
  scrubber.learn("short key");

  it.each([
    [`Bad token ${token}.`, "Bad token [redacted]."],
    [`${token}${token}`, "[redacted][redacted]"],
    [`token ${token.slice(0, 12)}… is unknown`, "token [redacted]… is unknown"],
    [`…${token.slice(15, 29)}`, "…[redacted]"],
    [`TOKEN ${token.toUpperCase()}`, "TOKEN [redacted]"],
    ["the short key", "the [redacted]"],
    ["İstanbul 0123456789abcd", "İstanbul [redacted]"],
    [`token ${token.slice(0, 11)}`, `token ${token.slice(0, 11)}`],
    ["", ""],
  ])("is told without it: %s", (text, clean) => {
    expect(scrubber.scrub(text)).toBe(clean);
  });

  it("is told without the capability in a URL that it was given", async () => {
    const { cielo24, simulator } = await startAccount();
    closers.push(() => simulator.close());
    const capability = randomHex();
    const mediaUrl = `https://proxy.example.org/media/${randomHex()}.${capability}/lecture.mp4`;
    const body = JSON.stringify({ ErrorType: "INVALID_URL", ErrorComment: `Cannot fetch ${mediaUrl}` });
    simulator.faults.add({ action: "job/add_media", kind: "answer", status: 400, body });
    await expect(cielo24.addMediaByUrl({ jobId: simulator.addJob(), mediaUrl }, within(5_000))).rejects.toMatchObject({
      errorComment: "Cannot fetch https://proxy.example.org/media/[redacted].[redacted]/lecture.mp4",
    });
  });
});
