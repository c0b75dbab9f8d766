import { describe, expect, it } from "@jest/globals";
import { httpEvent } from "../harness/http-event.ts";
import { until } from "../harness/until.ts";
import { FUNCTIONS, usePackaged } from "./use-packaged.ts";

const HTTP_FUNCTIONS = FUNCTIONS.filter((name) => !["deliver-media", "census"].includes(name));
/** What a console or a command line sends who only wants to see the function run. */
const TEST_EVENTS = [null, {}, { key1: "value1" }, "text", { Records: [null] }];

const local = usePackaged();
const recordsOf = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Record<string, unknown>);

describe("a function that is called with a test event", () => {
  it.each(HTTP_FUNCTIONS)("%s answers 400 in cielo24's form, and logs that", async (name) => {
    const environment = await local.startEnvironment(name);
    for (const [at, event] of TEST_EVENTS.entries()) {
      const answer = (await environment.invoke(event, `request-${at}`)) as { statusCode: number; body: string };
      expect(answer.statusCode).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ ErrorType: "INVALID_QUERY", RequestId: `request-${at}` });
    }
    const refused = { service: name, message: "request refused", status: 400 };
    const logged = await until(() => environment.lines.length >= TEST_EVENTS.length && recordsOf(environment.lines));
    expect(logged).toMatchObject(TEST_EVENTS.map((_, at) => ({ ...refused, requestId: `request-${at}` })));
  });

  it("deliver-media fails with what is wrong, and logs it in its own form", async () => {
    const environment = await local.startEnvironment("deliver-media");
    for (const event of TEST_EVENTS)
      await expect(environment.invoke(event)).rejects.toMatchObject({ errorType: "UnreadableMessageError" });
    const unreadable = { level: "error", service: "deliver-media", code: "MESSAGE_UNREADABLE" };
    const logged = await until(() => {
      const records = recordsOf(environment.lines);
      return records.length >= TEST_EVENTS.length && records;
    });
    expect(logged).toMatchObject(TEST_EVENTS.map(() => unreadable));
    expect(environment.initsMs()).toHaveLength(1);
  });

  it("the census takes place", async () => {
    const environment = await local.startEnvironment("census");
    for (const event of TEST_EVENTS) expect(await environment.invoke(event)).toMatchObject({ objects: 0, compared: 0 });
  });
});

describe("a function with a wrong configuration", () => {
  it.each(FUNCTIONS)("%s fails every call, and names the variable", async (name) => {
    const environment = await local.startEnvironment(name, { LOG_LEVEL: "loud" });
    for (const event of [null, httpEvent()])
      await expect(environment.invoke(event)).rejects.toMatchObject({
        errorType: "ConfigError",
        message: "ConfigError: Environment variable LOG_LEVEL must be one of debug, info, warn, error.",
      });
    const logged = await until(() => environment.lines.length >= 2 && environment.lines);
    for (const line of logged) expect(line).toMatch(/\tERROR\tInvoke Error .*"errorType":"ConfigError".*LOG_LEVEL/);
  });

  it("says which variable is missing, and of one that it cannot use not what it is", async () => {
    const missing = await local.startEnvironment("sign-upload", { TABLE_NAME: undefined });
    await expect(missing.invoke(httpEvent())).rejects.toThrow("Environment variable TABLE_NAME is not set.");
    const broken = await local.startEnvironment("add-media", { CIELO24_BASE_URL: "https://user:pa55@example.org" });
    await expect(broken.invoke(httpEvent())).rejects.toThrow("CIELO24_BASE_URL must hold no credentials");
    expect(await until(() => broken.lines.length > 0 && broken.lines.join("\n"))).not.toContain("pa55");
  });

  it("does not run where Node would print credentials", async () => {
    const environment = await local.startEnvironment("health", { NODE_DEBUG: "http" });
    await expect(environment.invoke(httpEvent())).rejects.toThrow("NODE_DEBUG must not be set");
  });
});

describe("a function's log", () => {
  const JSON_FORMAT = { AWS_LAMBDA_LOG_FORMAT: "JSON" };

  it("is one JSON record a line in Lambda's JSON format, and names what was thrown", async () => {
    const environment = await local.startEnvironment("deliver-media", JSON_FORMAT);
    await expect(environment.invoke({}, "request-1")).rejects.toThrow("no S3 event");
    await until(() => environment.lines.length >= 2);
    expect(environment.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "error", requestId: "request-1", code: "MESSAGE_UNREADABLE" },
      {
        level: "ERROR",
        requestId: "request-1",
        message: {
          errorType: "UnreadableMessageError",
          errorMessage: expect.stringContaining("no S3 event") as unknown,
        },
      },
    ]);
  });

  it("names a wrong configuration in the JSON format, too", async () => {
    const environment = await local.startEnvironment("census", { ...JSON_FORMAT, BUCKET_NAME: undefined });
    await expect(environment.invoke({})).rejects.toThrow("BUCKET_NAME is not set");
    const [line = ""] = await until(() => environment.lines.length > 0 && environment.lines);
    expect(JSON.parse(line)).toMatchObject({ message: { errorType: "ConfigError", variable: "BUCKET_NAME" } });
  });

  it("names what the AWS SDK throws", async () => {
    const environment = await local.startEnvironment("census", { ...JSON_FORMAT, BUCKET_NAME: "no-such-bucket" });
    await expect(environment.invoke({})).rejects.toMatchObject({ errorType: "NoSuchBucket" });
    const [line = ""] = await until(() => environment.lines.length > 0 && environment.lines);
    expect(JSON.parse(line)).toMatchObject({ message: { errorType: "NoSuchBucket" } });
  });

  it("is one line for each record and error in the text format", async () => {
    const environment = await local.startEnvironment("deliver-media", { AWS_LAMBDA_LOG_FORMAT: "Text" });
    await expect(environment.invoke({}, "request-1")).rejects.toThrow("no S3 event");
    const [own = "", thrown = "", ...more] = await until(() => environment.lines.length >= 2 && environment.lines);
    expect(JSON.parse(own)).toMatchObject({ level: "error", code: "MESSAGE_UNREADABLE" });
    expect(thrown).toMatch(/^\S+Z\trequest-1\tERROR\tInvoke Error \t\{"errorType":"UnreadableMessageError"/);
    expect(more).toEqual([]);
  });
});
