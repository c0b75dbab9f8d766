import { describe, expect, it } from "@jest/globals";
import { askWith } from "../../../functions/sign-upload/begin-upload.ts";
import { Cielo24Error } from "../../../lib/cielo24/api.ts";
import { createObservability } from "../../../lib/observability.ts";
import { testRuntime } from "../../harness/runtime.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const FAR = Number.MAX_SAFE_INTEGER;

const setUp = (answer: () => Promise<{ hasMedia: boolean }>) => {
  const runtime = testRuntime();
  const deadlines: number[] = [];
  const ask = askWith({
    cielo24: {
      jobInfo: (_jobId, { deadline }) => {
        deadlines.push(deadline);
        return answer();
      },
    },
    clock: runtime.clock,
    observability: createObservability(runtime, { service: "sign-upload", stage: "test" }),
  });
  const records = () => runtime.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ask, deadlines, records, now: runtime.now };
};
const fail = (...error: ConstructorParameters<typeof Cielo24Error>) => Promise.reject(new Cielo24Error(...error));

describe("the question about a job", () => {
  it("hears whether the job has its media, and logs nothing of it", async () => {
    for (const hasMedia of [true, false]) {
      const { ask, records } = setUp(() => Promise.resolve({ hasMedia }));
      expect(await ask(JOB, FAR)).toBe(hasMedia ? "hasMedia" : "free");
      expect(records()).toEqual([]);
    }
  });

  it("gives cielo24 three seconds, and no more than the call has", async () => {
    const { ask, deadlines, now } = setUp(() => Promise.resolve({ hasMedia: false }));
    await ask(JOB, FAR);
    await ask(JOB, now + 20_000);
    await ask(JOB, now + 1_000);
    await ask(JOB, now - 1);
    expect(deadlines.map((deadline) => deadline - now)).toEqual([3_000, 3_000, 1_000, -1]);
  });

  it("counts jobs that cielo24 does not know: it may be the wrong account", async () => {
    const { ask, records } = setUp(() => fail("REFUSED", { errorType: "ITEM_NOT_FOUND" }));
    expect(await ask(JOB, FAR)).toBe("unknown");
    expect(records()).toMatchObject([{ UploadOfUnknownJob: 1 }]);
  });

  it.each<ConstructorParameters<typeof Cielo24Error>>([
    ["UNAVAILABLE"],
    ["TIMED_OUT"],
    ["UNINTELLIGIBLE"],
    ["LOGIN_INVALID"],
    ["BAD_API_TOKEN"],
    ["REFUSED", { errorType: "ACCOUNT_UNPRIVILEGED" }],
    ["REFUSED", { errorType: "INVALID_QUERY" }],
    // With another status than 400, which is no answer that the documentation knows.
    ["UNINTELLIGIBLE", { errorType: "ITEM_NOT_FOUND" }],
    ["UNAVAILABLE", { errorType: "ITEM_NOT_FOUND" }],
  ])("takes %s for no answer, and says so in the log without cielo24's words", async (code, details = {}) => {
    const { ask, records } = setUp(() => fail(code, { ...details, errorComment: "5ecr37" }));
    expect(await ask(JOB, FAR)).toBeUndefined();
    expect(records()).toMatchObject([
      { level: "warn", jobId: JOB, code, message: expect.stringMatching(/signed all the same/) as unknown },
    ]);
    expect(JSON.stringify(records())).not.toContain("5ecr37");
  });

  it("takes an error that nobody has thought of for no answer, too", async () => {
    const { ask, records } = setUp(() => Promise.reject(new TypeError("5ecr37")));
    expect(await ask(JOB, FAR)).toBeUndefined();
    expect(records()).toMatchObject([{ level: "warn", code: "UNHANDLED_ERROR" }]);
    expect(JSON.stringify(records())).not.toContain("5ecr37");
  });
});
