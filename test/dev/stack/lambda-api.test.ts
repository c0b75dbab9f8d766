import { InvokeCommand, LambdaClient, type InvocationType } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TooManyRequestsError } from "../../../dev/stack/lambda.ts";
import { startLambdaApi, type LambdaApi } from "../../../dev/stack/lambda-api.ts";
import { until } from "../../harness/until.ts";

describe("Lambda's Invoke", () => {
  const events: unknown[] = [];
  let api: LambdaApi;
  let client: LambdaClient;
  beforeAll(async () => {
    const invoke = (folder: string, event: unknown): Promise<unknown> => {
      events.push(event);
      const { fails, busy } = event as { fails?: boolean; busy?: boolean };
      if (fails) return Promise.reject(new TypeError("It is broken"));
      return busy ? Promise.reject(new TooManyRequestsError()) : Promise.resolve({ folder });
    };
    api = await startLambdaApi({ functions: new Map([["cielo24-proxy-local-census", "census"]]), invoke });
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    client = new LambdaClient({ endpoint: api.url, region: "us-east-1", credentials, maxAttempts: 1 });
  });
  afterAll(async () => {
    client.destroy();
    await api.close();
  });
  const invoke = (FunctionName: string, event?: object, InvocationType?: InvocationType) =>
    client.send(
      new InvokeCommand({
        FunctionName,
        ...(event ? { Payload: JSON.stringify(event) } : {}),
        ...(InvocationType ? { InvocationType } : {}),
      }),
    );

  it.each(["cielo24-proxy-local-census", "arn:aws:lambda:us-east-1:000000000000:function:cielo24-proxy-local-census"])(
    "runs the function %s and gives back its result",
    async (name) => {
      const { Payload, FunctionError, StatusCode } = await invoke(name);
      expect(Payload?.transformToString()).toBe('{"folder":"census"}');
      expect([StatusCode, FunctionError]).toEqual([200, undefined]);
    },
  );

  it("tells an error of the function in its payload", async () => {
    const { Payload, FunctionError } = await invoke("cielo24-proxy-local-census", { fails: true });
    expect(FunctionError).toBe("Unhandled");
    expect(Payload?.transformToString()).toBe('{"errorType":"TypeError","errorMessage":"It is broken"}');
  });

  it("does not wait for an invocation of the type Event", async () => {
    const { StatusCode } = await invoke("cielo24-proxy-local-census", { kind: "event" }, "Event");
    expect(StatusCode).toBe(202);
    await until(() => events.some((event) => (event as { kind?: string }).kind === "event"));
  });

  it("knows no other function, and passes on that there is no room", async () => {
    await expect(invoke("cielo24-proxy-local-none")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(invoke("cielo24-proxy-local-census", { busy: true })).rejects.toMatchObject({
      name: "TooManyRequestsException",
    });
  });
});
