import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack, type Stack } from "../../dev/stack.ts";
import { randomHex } from "../../lib/runtime.ts";
import { findLeaks, watchStack } from "./canary.ts";
import { ENCODINGS } from "./encodings.ts";
import { createLeakingClients, createLeakingFunction } from "./leaking.ts";
import { OTHERS, removeFiles, TOKENS, type Ground } from "./planted.ts";

describe("a leak that was planted", () => {
  const watch = watchStack({ isQuiet: true });
  const leaking = createLeakingFunction();
  const capability = randomHex();
  let stack: Stack;
  let aws: ReturnType<typeof createLeakingClients>;
  let folder: string;
  let bearer = "";
  let signedUrl = "";
  let known: string[] = [];
  let found = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "leaks-"));
    stack = await startStack({
      ...watch.options,
      functions: leaking.functions,
      logFile: join(folder, "stack.log"),
      env: { AWS_SESSION_TOKEN: randomBytes(60).toString("base64") },
    });
    aws = createLeakingClients(stack);
    bearer = await stack.token({ sub: "somebody", scope: "media.write media.read" });
    signedUrl = await upload();
    await aws.putRow({ capability: { S: capability } });
    await stack.drain();
    known = await findLeaks(stack, watch);
  });
  afterAll(async () => {
    watch.stop();
    aws.close();
    await Promise.all([stack.close(), removeFiles(), rm(folder, { recursive: true })]);
    process.stdout.write(`planted ${TOKENS.length + OTHERS.length}, found ${found}\n`);
  });

  /** A whole delivery: signed, uploaded, taken by cielo24. */
  const upload = async (): Promise<string> => {
    const jobId = stack.cielo24?.addJob() ?? "";
    const answer = await fetch(`${stack.apiUrl}/api/job/request_upload_url?v=1&job_id=${jobId}`, {
      headers: { authorization: `Bearer ${bearer}` },
    });
    const { upload_url: url = "" } = (await answer.json()) as { upload_url?: string };
    expect(answer.status).toBe(200);
    expect((await fetch(url, { method: "PUT", body: randomBytes(100_000) })).status).toBe(200);
    return url;
  };

  const logIn = async (): Promise<string> => {
    const { username, securekey } = stack.credentials;
    const headers = { "x-auth-user": username, "x-auth-securekey": securekey, connection: "close" };
    const answer = await fetch(`${stack.cielo24?.url ?? ""}/api/account/login?v=1`, { headers });
    return ((await answer.json()) as { ApiToken: string }).ApiToken;
  };

  const groundOf = (token: string): Ground => ({
    stack,
    token,
    url: `${stack.cielo24?.url ?? ""}/api/job/info?v=1&api_token=${token}&job_id=${randomHex()}`,
    as: (encoding) => ENCODINGS[encoding]?.(token) ?? "",
    bearer,
    signedUrl,
    capability,
    leaking,
    aws,
    record: watch.record,
  });

  /** What the canary finds that it had not found before. */
  const look = async (): Promise<string[]> => {
    const all = await findLeaks(stack, watch);
    const fresh = all.filter((each) => !known.includes(each));
    known = all;
    return fresh;
  };

  it("is alone: what the stack did by itself is clean", () => {
    expect(stack.cielo24?.acceptances).toHaveLength(1);
    expect(known).toEqual([]);
  });

  it("is of a place of its own, and no encoding is left out", () => {
    const places = TOKENS.map(([where]) => where);
    expect(new Set(places).size).toBe(places.length);
    expect(places.length).toBeGreaterThanOrEqual(40);
  });

  it.each(TOKENS)("in %s, %s, is found in %s", async (_where, _encoding, place, plant) => {
    const token = await logIn();
    const name = `api_token ${stack.cielo24?.issuedTokens.length ?? 0}`;
    await plant(groundOf(token));
    const fresh = await look();
    expect(fresh.filter((each) => each.startsWith(`${place}: ${name} (`))).toHaveLength(1);
    expect(fresh.filter((each) => !each.includes(`: ${name} (`))).toEqual([]);
    found += 1;
  });

  it.each(OTHERS)("that is %s, %s, is found in %s", async (secret, _encoding, place, plant) => {
    await plant(groundOf(""));
    expect((await look()).join("\n")).toMatch(new RegExp(`^${place}: ${secret}( | of | \\d+ )`, "m"));
    found += 1;
  });

  it("is told from what is public", async () => {
    const jobId = randomHex();
    const media = randomBytes(50_000);
    const publicTexts = [
      { jobId, taskId: randomHex(), requestId: randomUUID(), sha256: createHash("sha256").update(media).digest("hex") },
      { key: `media/${jobId}/${randomHex()}/lecture.mp4`, etag: `"${createHash("md5").update(media).digest("hex")}"` },
      { api_token: "[redacted]", url: "https://api.cielo24.com/api/job/info?v=1&api_token=[redacted]" },
      { bearer: bearer.split(".")[0], accessKeyId: stack.operator.accessKeyId, host: new URL(signedUrl).host },
      { media: media.toString("base64"), hex: media.toString("hex") },
    ];
    for (const each of publicTexts) {
      stack.runtime.writeLine(JSON.stringify(each));
      await aws.putEvent({ Detail: JSON.stringify(each) });
    }
    await aws.putRow({ media: { B: media } });
    await leaking.answer(stack, () => ({ statusCode: 200, body: media.toString("base64"), isBase64Encoded: true }));
    await leaking.invoke(stack, () => {
      throw new Error("Not found", { cause: publicTexts });
    });
    expect(await look()).toEqual([]);
  });
});
