import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startAwsJson, type AwsJsonServer } from "../../../dev/stack/aws-json.ts";
import { createCloudWatchLogs } from "../../../dev/stack/cloudwatch-logs.ts";
import { createStackLog } from "../../../dev/stack/log.ts";

describe("CloudWatch Logs", () => {
  let now = 0;
  const log = createStackLog({ clock: () => now });
  let server: AwsJsonServer;
  let client: CloudWatchLogsClient;
  beforeAll(async () => {
    const groups = new Map([["/aws/lambda/cielo24-proxy-local-census", "census"]]);
    server = await startAwsJson({ services: { Logs_20140328: createCloudWatchLogs(log, groups) } });
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    client = new CloudWatchLogsClient({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
    for (const [at, line, functionName] of [
      [1, '{"jobId":"a","level":"info"}', "census"],
      [2, '{"jobId":"a","level":"warn"}', "census"],
      [3, '{"jobId":"b","level":"info"}', "census"],
      [4, "REPORT RequestId: 7", "census"],
      [5, '{"jobId":"a","level":"info"}', "health"],
    ] as const) {
      now = at;
      log.write(line, functionName);
    }
  });
  afterAll(async () => {
    client.destroy();
    await server.close();
  });
  const filter = async (input: object): Promise<(number | undefined)[]> => {
    const logGroupName = "/aws/lambda/cielo24-proxy-local-census";
    const times: (number | undefined)[] = [];
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName, ...input }))
      times.push(...events.map(({ timestamp }) => timestamp));
    return times;
  };

  it.each([
    ["everything that the function has logged", {}, [1, 2, 3, 4]],
    ["page by page", { limit: 1 }, [1, 2, 3, 4]],
    ["from one time to another", { startTime: 2, endTime: 3 }, [2, 3]],
    ["lines with a text", { filterPattern: '"RequestId: 7"' }, [4]],
    ["lines with a field", { filterPattern: '{ $.jobId = "a" }' }, [1, 2]],
    ["lines with several fields", { filterPattern: '{ $.jobId = "a" && $.level != "info" }' }, [2]],
  ])("gives %s", async (_what, input, times) => {
    expect(await filter(input)).toEqual(times);
  });

  it("refuses what it does not know", async () => {
    await expect(filter({ filterPattern: "{ $.sizeBytes > 7 }" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
    await expect(filter({ logGroupName: "/aws/lambda/other" })).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});
