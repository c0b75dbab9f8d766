import { describe, expect, it } from "@jest/globals";
import { useStack } from "../harness/stack.ts";

const HTTP_FUNCTIONS = ["add-media", "delivery-status", "health", "media-source", "sign-upload", "update-metadata"];
/** What a console or a command line sends who only wants to see the function run. */
const TEST_EVENTS = [null, {}, { key1: "value1", key2: "value2" }, "text", [], { Records: [null] }];

describe("a function that is called with a test event", () => {
  const local = useStack();

  it.each(HTTP_FUNCTIONS)("%s answers 400 in cielo24's form, and logs that", async (name) => {
    for (const event of TEST_EVENTS) {
      const logged = local.records().length;
      const answer = await local.stack.invoke(name, event);
      expect(answer).toMatchObject({ statusCode: 400 });
      expect(JSON.parse((answer as { body: string }).body)).toEqual({
        ErrorType: "INVALID_QUERY",
        ErrorComment: expect.stringContaining("no HTTP request") as unknown,
        RequestId: expect.any(String) as unknown,
      });
      expect(local.records().slice(logged)).toMatchObject([
        { service: name, message: "request refused", status: 400, requestId: expect.any(String) as unknown },
      ]);
    }
  });

  it("deliver-media says that it cannot read it, in its log and by failing", async () => {
    for (const event of TEST_EVENTS) {
      const logged = local.records().length;
      await expect(local.stack.invoke("deliver-media", event)).rejects.toThrow("no S3 event");
      expect(local.records()[logged]).toMatchObject({
        level: "error",
        service: "deliver-media",
        message: "the event is neither the queue's nor S3's, and nothing was done",
        code: "MESSAGE_UNREADABLE",
        requestId: expect.any(String) as unknown,
      });
    }
  });

  it("the census takes place whatever the event", async () => {
    for (const event of TEST_EVENTS)
      await expect(local.stack.invoke("census", event)).resolves.toMatchObject({ objects: 0, compared: 0 });
  });
});
