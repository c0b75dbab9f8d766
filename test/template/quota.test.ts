import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { readParams } from "../../scripts/package/params.ts";
import { checkQuota, findQuotaFaults } from "../../scripts/package/quota.ts";

const exampleOf = (stage: string) => readParams(".", { stage, params: new Map(), isDeploy: false });
const dev = exampleOf("dev");
const prod = exampleOf("prod");
const account = (limit: number, { elsewhere = 0, own = 0 } = {}) => ({
  limit,
  unreserved: limit - elsewhere - own,
  ownReserved: own,
});

describe("the executions that a stage wants at once", () => {
  it.each([
    ["dev, in a new account", dev, account(10)],
    ["prod, in an account of a thousand", prod, account(1000)],
    [
      "prod, with reservations",
      { ...prod, deliveryStatusConcurrency: 100, deliverMediaConcurrency: 10 },
      account(1000),
    ],
    [
      "prod, deployed once more with the same reservations",
      { ...prod, deliveryStatusConcurrency: 900 },
      account(1000, { own: 900 }),
    ],
    ["long waits in a small account, behind a bound", { ...prod, deliveryStatusConcurrency: 20 }, account(150)],
  ])("fit without a doubt: %s", (_what, params, executions) => {
    expect(findQuotaFaults(params, executions)).toEqual({ faults: [], doubts: [] });
  });

  it.each([
    [
      "one reserved of ten",
      { ...dev, deliveryStatusConcurrency: 1 },
      account(10),
      /reserve more executions than they can, which is 0: .* run 10 .* reserved 0, and AWS keeps 10 unreserved\. Reserve none \(0\), or ask/,
    ],
    [
      "more reserved than is left over a hundred",
      { ...prod, deliveryStatusConcurrency: 30, deliverMediaConcurrency: 10 },
      account(1000, { elsewhere: 870 }),
      / reserve .* which is 30: .* run 1000 .* reserved 870, and AWS keeps 100 .*\. Reserve 30 at most, or ask/,
    ],
    [
      "as many deliveries as the account may run",
      prod,
      account(10),
      /^maximumConcurrency \(10\) leaves no .* run 10 .* 10 of them are not reserved, .* may take 10 .* Lower it to 5 or less/,
    ],
    [
      "a region where others reserve nearly all",
      dev,
      account(1000, { elsewhere: 998 }),
      /Before anything else, ask for/,
    ],
  ])("do not fit: %s", (_what, params, executions, fault) => {
    expect(findQuotaFaults(params, executions)).toEqual({ faults: [expect.stringMatching(fault)], doubts: [] });
  });

  it.each([
    [
      "few calls beside the deliveries",
      { ...dev, maximumConcurrency: 7 },
      account(10),
      /^Executions left for calls and pulls: 3\. /,
    ],
    [
      "long waits in a new account",
      { ...dev, longestWaitS: 20 },
      account(10),
      /^As soon as 8 clients .*Set longestWaitS \(20\) to 5 or less$/,
    ],
    [
      "long waits where some can be reserved",
      { ...prod, maximumConcurrency: 50 },
      account(120),
      /^As soon as 70 clients .*or deliveryStatusConcurrency to 20 or less$/,
    ],
  ])("are doubtful: %s", (_what, params, executions, doubt) => {
    expect(findQuotaFaults(params, executions)).toEqual({ faults: [], doubts: [expect.stringMatching(doubt)] });
  });
});

interface Lambda {
  readonly settings?: object;
  /** Reserved executions, by the function's name. */
  readonly functions?: Readonly<Record<string, number | undefined>>;
  readonly refuses?: boolean;
}

/** Lambda's API as far as quotas go, over HTTP. */
const startLambdaApi = async ({ settings, functions = {}, refuses = false }: Lambda) => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const answer = (status: number, body: object, type?: string) => {
      response.writeHead(status, { "content-type": "application/json", ...(type && { "x-amzn-errortype": type }) });
      response.end(JSON.stringify(body));
    };
    const [, name = ""] = /^\/2019-09-30\/functions\/([^/]+)\/concurrency$/.exec(request.url ?? "") ?? [];
    if (refuses) answer(403, { Message: "User: arn:aws:iam::1:user/a is not authorized" }, "AccessDeniedException");
    else if (request.url === "/2016-08-19/account-settings") answer(200, settings ?? {});
    else if (name in functions) answer(200, { ReservedConcurrentExecutions: functions[name] });
    else answer(404, { Message: "Function not found" }, "ResourceNotFoundException");
  });
  const port = await listen(server);
  process.env["AWS_ENDPOINT_URL_LAMBDA"] = `http://127.0.0.1:${port}`;
  return { requests, [Symbol.asyncDispose]: () => closeServer(server) };
};

const limits = (ConcurrentExecutions: number, UnreservedConcurrentExecutions: number) => ({
  AccountLimit: { ConcurrentExecutions, UnreservedConcurrentExecutions },
});

describe("before a deployment, the account", () => {
  const before = process.env;
  beforeEach(() => {
    process.env = { ...before, AWS_ACCESS_KEY_ID: "AKIAQUOTATEST0000000", AWS_SECRET_ACCESS_KEY: "not-a-secret" };
  });
  afterEach(() => {
    process.env = before;
  });

  it("is asked about its limit and about this stage's own reservations", async () => {
    await using lambda = await startLambdaApi({
      settings: limits(200, 110),
      functions: { "cielo24-proxy-prod-deliveryStatus": 90, "cielo24-proxy-prod-deliverMedia": undefined },
    });
    const params = { ...prod, deliveryStatusConcurrency: 100 };
    expect(await checkQuota({ stage: "prod", params, region: "eu-west-1" })).toEqual([]);
    expect(lambda.requests).toHaveLength(3);
  });

  it("has nothing reserved for a stage that does not exist yet", async () => {
    await using lambda = await startLambdaApi({ settings: limits(10, 10) });
    expect(await checkQuota({ stage: "dev", params: dev, region: "eu-west-1" })).toEqual([]);
    expect(lambda.requests).toContain("/2019-09-30/functions/cielo24-proxy-dev-deliveryStatus/concurrency");
  });

  it("stops the deployment where it cannot run what the parameters want", async () => {
    await using lambda = await startLambdaApi({ settings: limits(10, 10) });
    const params = { ...dev, deliveryStatusConcurrency: 5 };
    const check = checkQuota({ stage: "dev", params, region: "eu-west-1" });
    await expect(check).rejects.toThrow(/^deliveryStatusConcurrency/);
    expect(lambda.requests).toContain("/2016-08-19/account-settings");
  });

  it("may refuse to be asked: the deployment goes on, and says what was not checked", async () => {
    await using lambda = await startLambdaApi({ refuses: true });
    expect(await checkQuota({ stage: "dev", params: dev, region: "eu-west-1" })).toEqual([
      expect.stringMatching(/could not be asked \(AccessDeniedException\).*lambda:GetAccountSettings/),
    ]);
    expect(lambda.requests).toHaveLength(1);
  });

  it("may be out of reach, with the same effect", async () => {
    const lambda = await startLambdaApi({});
    await lambda[Symbol.asyncDispose]();
    expect(await checkQuota({ stage: "dev", params: dev, region: "eu-west-1" })).toEqual([
      expect.stringMatching(/could not be asked/),
    ]);
  });
});
