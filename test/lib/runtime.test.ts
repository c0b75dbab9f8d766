import { describe, expect, it } from "@jest/globals";
import type { Context } from "aws-lambda";
import { lambdaHandler } from "../../lib/runtime.ts";

/** What the handler throws, as Lambda's Node runtime gets it. */
const thrownBy = (thrown: unknown): Promise<unknown> => {
  const handler = lambdaHandler(() => () => {
    throw thrown;
  });
  return handler({}, {} as Context).then(
    () => undefined,
    (error: unknown) => error,
  );
};
/** By this, Lambda's JSON log format names an error. */
const nameInJsonLog = (error: unknown): string => (error as Error).constructor.name;

/** A class as bundling leaves it. */
const Short = class a extends Error {
  override readonly name = "UnreadableMessageError";
};

describe("an error that leaves a function", () => {
  it("has the name in Lambda's JSON log that it has in ours, however its class was shortened", async () => {
    const error = new Short("it is no event");
    expect(nameInJsonLog(error)).toBe("a");
    expect(await thrownBy(error)).toBe(error);
    expect(nameInJsonLog(error)).toBe("UnreadableMessageError");
    expect(Object.keys(error)).toEqual(["name"]);
    expect(error).toBeInstanceOf(Short);
    expect(nameInJsonLog(new Short())).toBe("a");
  });

  it("may be named by hand, and thrown twice", async () => {
    const error = Object.assign(new Error("late"), { name: "TimeoutError" });
    for (const name of ["TimeoutError", "AbortError"]) {
      error.name = name;
      expect(nameInJsonLog(await thrownBy(error))).toBe(name);
    }
    expect(nameInJsonLog(new Error("another"))).toBe("Error");
  });

  it("need not be an error", async () => {
    expect(await thrownBy("text")).toBe("text");
    expect(await thrownBy(null)).toBeNull();
  });

  it("fails the call where the configuration is wrong, and not the loading of the module", async () => {
    const handler = lambdaHandler(() => {
      throw new Short("no variable");
    });
    await expect(handler({}, {} as Context)).rejects.toThrow("no variable");
  });
});
