import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { useDrops } from "../harness/drops.ts";
import { runOps } from "./operator.ts";

type Outputs = Readonly<Record<string, string | undefined>>;

/** CloudFormation's answer about the stack of the stage `dev`, and its errors about others. */
const describeStacks = (name: string, outputs: Outputs): [status: number, body: string] => {
  const member = ([key, value = ""]: readonly [string, string | undefined]) =>
    `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`;
  const stacks = (all: Outputs) =>
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${name}</StackName><CreationTime>2026-11-30T00:00:00Z</CreationTime><StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>${Object.entries(all).map(member).join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  const refuse = (code: string, message: string) =>
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  switch (name) {
    case "cielo24-proxy-dev":
      return [200, stacks(outputs)];
    case "cielo24-proxy-older":
      return [200, stacks({ MediaBucketName: "b" })];
    case "cielo24-proxy-secret":
      return [403, refuse("AccessDenied", "User is not authorized to perform: cloudformation:DescribeStacks")];
    case "cielo24-proxy-expired":
      return [403, refuse("ExpiredToken", "The security token included in the request is expired")];
    default:
      return [400, refuse("ValidationError", `Stack with id ${name} does not exist`)];
  }
};

describe("a stage on AWS", () => {
  const local = useDrops();
  let cloudFormation: Server;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    cloudFormation = createServer((request, response) => {
      void text(request).then((body) => {
        const name = new URLSearchParams(body).get("StackName") ?? "";
        const [status, answer] = describeStacks(name, local.stack.stage.outputs);
        response.writeHead(status, { "content-type": "text/xml" }).end(answer);
      });
    });
    const port = await listen(cloudFormation);
    const { credentials, endpoints, region } = local.stack.stage;
    env = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
      AWS_ENDPOINT_URL_CLOUDFORMATION: `http://127.0.0.1:${port}`,
      ...Object.fromEntries(Object.entries(endpoints).map(([name, url]) => [`AWS_ENDPOINT_URL_${name}`, url])),
    };
  });
  afterAll(() => closeServer(cloudFormation));

  it("is found by the outputs of its stack", async () => {
    const jobId = local.newJob();
    await local.drop(jobId);
    await local.finish();
    const { code, stdout, stderr } = await runOps(["list", "--state", "DELIVERED", "--scan", "--stage", "dev"], env);
    expect(stderr).toMatch(/^Reads the whole table/);
    expect(stdout).toContain(jobId);
    expect(code).toBe(0);
  });

  it("may be named by CIELO24_PROXY_STAGE", async () => {
    const { code, stdout } = await runOps(["list", "--state", "SENDING"], { ...env, CIELO24_PROXY_STAGE: "dev" });
    expect([code, stdout]).toEqual([0, "No job.\n"]);
  });

  it.each<[code: number, of: string, words: string[], more: Record<string, string>, says: RegExp]>([
    [2, "no stage", ["list"], {}, /There is no stage: give --stage, or set CIELO24_PROXY_STAGE/],
    [3, "a stage that there is not", ["list", "--stage", "qa"], {}, /There is no stack cielo24-proxy-qa in us-east-1/],
    [
      3,
      "a stage that an older version has deployed",
      ["list", "--stage", "older"],
      {},
      /has no output HttpApiUrl[\s\S]*npm run deploy -- --stage older/,
    ],
    [
      4,
      "a role that may not ask",
      ["list", "--stage", "secret"],
      {},
      /not authorized[\s\S]*docs\/ops\.md has the policy/,
    ],
    [4, "credentials that have expired", ["list", "--stage", "expired"], {}, /is expired[\s\S]*Log in to AWS/],
    [
      4,
      "no credentials",
      ["list", "--stage", "dev"],
      { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
      /CredentialsProviderError[\s\S]*Log in to AWS/,
    ],
    [2, "no region", ["list", "--stage", "dev"], { AWS_REGION: "" }, /There is no region: give --region/],
    [
      5,
      "an AWS that cannot be reached",
      ["list", "--stage", "dev"],
      { AWS_ENDPOINT_URL_CLOUDFORMATION: "http://127.0.0.1:1" },
      /^Not reachable\n {2}.*\(ECONNREFUSED\)\n {2}Try again\.$/m,
    ],
    [2, "no command", [], {}, /Commands:/],
    [2, "a command that there is not", ["lits"], {}, /Did you mean list\?/],
  ])("ends with %i for %s", async (code, _of, words, more, says) => {
    const ended = await runOps(words, { ...env, ...more });
    expect(ended.stderr).toMatch(says);
    expect(ended.stdout).toBe("");
    expect(ended.code).toBe(code);
  });

  it("tells errors to programs as one document", async () => {
    const { code, stdout, stderr } = await runOps(["list", "--stage", "qa", "--json"], env);
    expect([code, stderr]).toEqual([3, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: "refused",
      exitCode: 3,
      error: { errorType: "NO_SUCH_STAGE", comment: "There is no stack cielo24-proxy-qa in us-east-1." },
    });
  });

  it("prints help and version", async () => {
    const help = await runOps(["--help"]);
    expect(help.stdout).toMatch(/Commands:[\s\S]*list[\s\S]*Exit codes:/);
    expect(help.code).toBe(0);
    expect((await runOps(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("the local stage", () => {
  it("is not there while no stack runs, which is said with the next step", async () => {
    const env = { CIELO24_PROXY_STAGE: "local", CIELO24_PROXY_STAGE_FILE: "/nowhere/stage.json" };
    const { code, stderr } = await runOps(["list"], env);
    expect(stderr).toMatch(/^Not reachable\n {2}The local stack is not running: there is no \/nowhere\/stage\.json\./);
    expect(stderr).toContain("Start it in this folder by npm start");
    expect(code).toBe(5);
  });
});
