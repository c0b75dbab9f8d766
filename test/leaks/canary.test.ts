import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { startStack, type Stack } from "../../dev/stack.ts";
import { findLeaks, watchStack } from "./canary.ts";

describe("the canary", () => {
  const watch = watchStack();
  let stack: Stack;
  let token = "";

  beforeAll(async () => {
    stack = await startStack({ ...watch.options, env: { LOG_LEVEL: "debug" } });
    const jobId = stack.cielo24?.addJob() ?? "";
    const bearer = await stack.token({ sub: "somebody", scope: "media.write" });
    await fetch(`${stack.apiUrl}/api/job/add_media?v=1&job_id=${jobId}`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer}`, "content-type": "video/mp4" },
      body: randomBytes(1000),
    });
    token = stack.cielo24?.issuedTokens[0] ?? "";
    // An upload is signed though cielo24 repeats what it was sent, and another is refused in its words.
    for (const ErrorType of ["ACCOUNT_UNPRIVILEGED", "ITEM_NOT_FOUND"]) {
      const body = JSON.stringify({ ErrorType, ErrorComment: `${token} ${stack.credentials.securekey}` });
      stack.cielo24?.faults.add({ action: "job/info", kind: "answer", status: 400, body });
      await fetch(`${stack.apiUrl}/api/job/request_upload_url?v=1&job_id=${stack.cielo24?.addJob() ?? ""}`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
    }
  });
  afterAll(async () => {
    watch.stop();
    await stack.close();
  });

  it("finds nothing in what a delivery puts out, and has looked everywhere", async () => {
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(stack.logs.length).toBeGreaterThan(3);
    const places = new Set(watch.outputs().map(({ place }) => place));
    expect([...places]).toEqual(expect.arrayContaining(["answers", "results", "UpdateItem", "SendMessage", "stdout"]));
    const fromSigning = stack.logs.filter((line) => line.includes('"service":"sign-upload"'));
    expect(fromSigning.length).toBeGreaterThan(2);
    expect(stack.cielo24?.faults.hits()).toBe(2);
    expect(await findLeaks(stack, watch)).toEqual([]);
  });

  it("learns from the wire what is secret", () => {
    expect(Object.values(watch.secrets())).toEqual(expect.arrayContaining([token, stack.credentials.securekey]));
    expect(Object.keys(watch.secrets())).toContain("bearer token 1");
  });

  it("finds a token in a log line", async () => {
    stack.runtime.writeLine(JSON.stringify({ message: `GET /api/job/info?api_token=${token}` }));
    expect(await findLeaks(stack, watch)).toEqual(["log lines: api_token 1 (raw)"]);
  });

  it("lets signed URLs pass in the answers that are made of them, and nowhere else", async () => {
    const answer = { status: 200, headers: {}, body: Buffer.from("https://b.example/k?X-Amz-Signature=0") };
    const found = async (path: string) => {
      watch.options.onResponse(path, answer);
      return (await findLeaks(stack, watch)).includes("answers: a signed URL (raw)");
    };
    expect(await found("/api/job/sign_upload")).toBe(false);
    expect(await found("/api/job/delivery")).toBe(true);
  });
});
