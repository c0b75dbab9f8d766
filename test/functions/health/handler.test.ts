import { describe, expect, it } from "@jest/globals";
import { sendWith } from "../../harness/api.ts";
import { useStack } from "../../harness/stack.ts";

describe("GET /health", () => {
  const local = useStack({ env: { PROXY_VERSION: "1.2.3" } });

  it("answers anybody, with the version and nothing else", async () => {
    const { status, headers, body } = await sendWith(local, {})("GET", "/health");
    expect(status).toBe(200);
    expect(body).toEqual({ Version: "1.2.3" });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("answers a GET to this path alone", async () => {
    for (const [method, target] of [
      ["POST", "/health"],
      ["GET", "/health/"],
      ["GET", "/"],
    ] as const) {
      const { status, body } = await sendWith(local, {})(method, target);
      expect([status, body]).toEqual([404, { message: "Not Found" }]);
    }
  });
});
