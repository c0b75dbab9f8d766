import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { startStack, type Stack } from "../../dev/stack.ts";
import { findLeaks, watchAnswers } from "./canary.ts";

describe("the canary", () => {
  const watch = watchAnswers();
  let stack: Stack;
  let token = "";

  beforeAll(async () => {
    stack = await startStack({ onAnswer: watch.onAnswer, env: { LOG_LEVEL: "debug" } });
    const jobId = stack.cielo24?.addJob() ?? "";
    const bearer = await stack.token({ sub: "somebody", scope: "media.write" });
    await fetch(`${stack.apiUrl}/api/job/add_media?v=1&job_id=${jobId}`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer}`, "content-type": "video/mp4" },
      body: randomBytes(1000),
    });
    token = stack.cielo24?.issuedTokens[0] ?? "";
  });
  afterAll(() => stack.close());

  it("finds nothing in what a delivery writes", async () => {
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(stack.logs.length).toBeGreaterThan(3);
    expect(watch.answers).toHaveLength(1);
    expect(await findLeaks(stack, watch.answers)).toEqual([]);
  });

  it("finds a token in a log line", async () => {
    stack.runtime.writeLine(JSON.stringify({ message: `GET /api/job/info?api_token=${token}` }));
    expect(await findLeaks(stack, watch.answers)).toEqual(["log lines: api_token 1 (raw)"]);
  });

  it("finds half of a token in an answer", async () => {
    const answers = [...watch.answers, { path: "/health", text: `200 {} ${token.slice(0, 16)}` }];
    expect(await findLeaks(stack, answers)).toContain("answers: api_token 1 (raw)");
  });

  it("finds a securekey in a message, as base64", async () => {
    stack.deadLetterQueue.send(Buffer.from(`key=${stack.credentials.securekey}`).toString("base64"));
    expect((await findLeaks(stack, watch.answers)).join()).toMatch(/messages: securekey \(base64/);
  });

  it("finds a signed URL in a row", async () => {
    await stack.ledger.write("0".repeat(32), {
      if: { state: ["none"] },
      set: {
        state: "REJECTED",
        fence: 1,
        updatedAt: 0,
        error: { type: "X", comment: "https://b.example/k?X-Amz-Signature=0" },
      },
    });
    expect(await findLeaks(stack, watch.answers)).toContain("rows: a signed URL");
  });

  it("lets signed URLs pass in the answers that are made of them", async () => {
    const text = "200 {} https://b.example/k?X-Amz-Signature=0";
    const found = async (path: string) => (await findLeaks(stack, [{ path, text }])).includes("answers: a signed URL");
    expect(await found("/api/job/sign_upload")).toBe(false);
    expect(await found("/api/job/delivery")).toBe(true);
  });
});
