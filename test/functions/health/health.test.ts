import { describe, expect, it } from "@jest/globals";
import { health } from "../../../functions/health/handler.ts";

describe("health", () => {
  it("says the version and nothing else", async () => {
    const { statusCode, body } = await health("1.2.3")();
    expect(statusCode).toBe(200);
    expect(body).toBe('{"Version":"1.2.3"}');
  });
});
