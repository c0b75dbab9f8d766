import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { openSimulator, type OpenSimulator } from "./simulator.ts";

const BODY = "0123456789".repeat(50_000);

describe("faults of the simulated S3", () => {
  let simulator: OpenSimulator;
  beforeAll(async () => {
    simulator = await openSimulator();
    await simulator.put("a", BODY);
    await simulator.put("b", BODY);
  });
  afterEach(() => {
    simulator.s3.faults.clear();
  });
  afterAll(() => simulator.close());

  const get = async (key = "a") => fetch(await simulator.signGet(key));
  /** What arrives of a body, and whether it came to its end. */
  const drain = async (response: Response) => {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
      return { text, isWhole: true };
    } catch {
      return { text, isWhole: false };
    }
  };

  for (const [kind, status, code] of [
    ["slowDown", 503, "SlowDown"],
    ["internalError", 500, "InternalError"],
    ["accessDenied", 403, "AccessDenied"],
    ["kmsDisabled", 400, "KMS.DisabledException"],
    ["archived", 403, "InvalidObjectState"],
  ] as const)
    it(`${kind} answers ${status}`, async () => {
      simulator.s3.faults.add({ operation: "GetObject", kind });
      const response = await get();
      expect(response.status).toBe(status);
      expect(await response.text()).toContain(`<Code>${code}</Code>`);
    });

  it("reset gives no answer", async () => {
    simulator.s3.faults.add({ operation: "GetObject", kind: "reset" });
    await expect(get()).rejects.toThrow();
  });

  for (const kind of ["resetAfterBytes", "truncate"] as const)
    it(`${kind} ends the body at its byte`, async () => {
      simulator.s3.faults.add({ operation: "GetObject", kind, atByte: 123_456 });
      const response = await get();
      expect(response.status).toBe(200);
      const { text, isWhole } = await drain(response);
      expect(isWhole).toBe(false);
      expect(BODY.startsWith(text)).toBe(true);
      expect(text.length).toBeLessThanOrEqual(123_456);
    });

  for (const atByte of [1, 2])
    it(`resetAfterBytes hits at byte ${atByte}, too`, async () => {
      simulator.s3.faults.add({ operation: "GetObject", kind: "resetAfterBytes", atByte });
      // A reset may overtake what was sent before it, the head included.
      const { text, isWhole } = await get().then(drain, () => ({ text: "", isWhole: false }));
      expect(isWhole).toBe(false);
      expect(text.length).toBeLessThanOrEqual(atByte);
    });

  it("stallAfterBytes sends so many bytes and then nothing", async () => {
    simulator.s3.faults.add({ operation: "GetObject", kind: "stallAfterBytes", atByte: 1_000 });
    const reader = (await get()).body?.getReader();
    let received = 0;
    while (received < 1_000) received += ((await reader?.read())?.value as Uint8Array).byteLength;
    expect(received).toBe(1_000);
    const next = reader?.read().then(() => "more");
    await expect(Promise.race([next, get("b").then(() => "nothing")])).resolves.toBe("nothing");
    await reader?.cancel();
  });

  it("corrupt changes one byte", async () => {
    simulator.s3.faults.add({ operation: "GetObject", kind: "corrupt", atByte: 300_001 });
    const { text, isWhole } = await drain(await get());
    expect(isWhole).toBe(true);
    expect(text.slice(0, 300_001)).toBe(BODY.slice(0, 300_001));
    expect(text[300_001]).not.toBe(BODY[300_001]);
    expect(text.slice(-100)).toBe(BODY.slice(-100));
  });

  it("come so often as was asked, and to the operation and key that were named", async () => {
    simulator.s3.faults.add({ operation: "GetObject", key: "a", times: 2, kind: "slowDown" });
    const statuses: number[] = [];
    for (const key of ["b", "a", "a", "a"]) statuses.push((await get(key)).status);
    expect(statuses).toEqual([200, 503, 503, 200]);
    simulator.s3.faults.add({ operation: "PutObject", kind: "slowDown" });
    expect((await get()).status).toBe(200);
    await expect(simulator.put("c", "1")).rejects.toMatchObject({ name: "SlowDown" });
  });
});
