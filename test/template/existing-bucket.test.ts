import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:http";
import { closeServer, listen } from "../../dev/stack/listen.ts";
import { checkBeforeDeploying } from "../../scripts/package/deploy.ts";
import { checkExistingBucket, findBucketFaults } from "../../scripts/package/existing-bucket.ts";

const ORIGINS = ["https://app.captions.test", "http://localhost:3000"];
const WANTED = { bucket: "acme-media", region: "eu-west-1", corsOrigins: ORIGINS };
const RULE = { AllowedOrigins: ORIGINS, AllowedMethods: ["GET", "PUT", "POST", "DELETE"], ExposeHeaders: ["ETag"] };
const READY = { region: "eu-west-1", versioning: "Enabled", hasEventBridge: true, corsRules: [RULE] };

describe("an existing bucket", () => {
  it("has all that a stage needs", () => {
    expect(findBucketFaults(WANTED, READY)).toEqual({ faults: [], doubts: [] });
  });

  it.each([
    [{ region: "us-east-1" }, /is in us-east-1, and the stage in eu-west-1: deploy the stage there/],
    [
      { versioning: undefined },
      /keeps no versions \(never switched on\).*: switch versioning on\. docs\/deploy\.md#an-exi/,
    ],
    [{ versioning: "Suspended" }, /keeps no versions \(Suspended\)/],
    [
      { hasEventBridge: false },
      /sends no events to EventBridge, .*: switch that on\. docs\/deploy\.md#an-existing-bucket/,
    ],
  ])("is not fit with %j", (difference, fault) => {
    expect(findBucketFaults(WANTED, { ...READY, ...difference })).toEqual({
      faults: [expect.stringMatching(fault)],
      doubts: [],
    });
  });

  it.each([
    [[], ORIGINS],
    [[{ ...RULE, AllowedOrigins: ["https://app.captions.test"] }], ["http://localhost:3000"]],
    [[{ ...RULE, AllowedMethods: ["PUT"] }], ORIGINS],
    [[{ ...RULE, ExposeHeaders: [] }], ORIGINS],
    [[{ ...RULE, AllowedOrigins: ["https://*.captions.test"] }], ["http://localhost:3000"]],
  ])("is doubtful for pages with the CORS rules %j", (corsRules, refused) => {
    const { faults, doubts } = findBucketFaults(WANTED, { ...READY, corsRules });
    expect(faults).toEqual([]);
    expect(doubts).toEqual([expect.stringContaining(`no pages of ${refused.join(", ")} upload`)]);
  });

  it.each([["*"], ["http*"]])("may let pages of everywhere upload: %s", (origin) => {
    const corsRules = [{ ...RULE, AllowedOrigins: [origin] }];
    expect(findBucketFaults(WANTED, { ...READY, corsRules }).doubts).toEqual([]);
  });
});

describe("npm run deploy asks the bucket", () => {
  /** Answers as S3 does: the XML by what is asked, or a status. */
  let answers: Record<string, string | number>;
  let asked: string[];
  let s3: Server;
  const environment = { ...process.env };
  beforeEach(async () => {
    asked = [];
    answers = {
      HEAD: "",
      versioning: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
      notification:
        "<NotificationConfiguration><QueueConfiguration><Id>theirs</Id><Queue>arn:aws:sqs:eu-west-1:111122223333:q</Queue>" +
        "<Event>s3:ObjectCreated:*</Event></QueueConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
      cors:
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>" +
        "<AllowedMethod>POST</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedMethod>DELETE</AllowedMethod>" +
        "<ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>",
    };
    s3 = createServer(({ method = "", url = "" }, response) => {
      const { pathname, searchParams } = new URL(url, "http://s3");
      const what = method === "HEAD" ? method : ([...searchParams.keys()].find((each) => each in answers) ?? "");
      asked.push(`${what} of ${pathname}`);
      const answer = answers[what] ?? 500;
      response.setHeader("x-amz-bucket-region", "eu-west-1");
      if (typeof answer === "string") response.end(answer);
      else {
        const code = what === "cors" && answer === 404 ? "NoSuchCORSConfiguration" : "AccessDenied";
        response.writeHead(answer).end(method === "HEAD" ? "" : `<Error><Code>${code}</Code></Error>`);
      }
    });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${await listen(s3)}`,
      AWS_ACCESS_KEY_ID: "AKIDTEST",
      AWS_SECRET_ACCESS_KEY: "secret",
    });
  });
  afterEach(async () => {
    process.env = { ...environment };
    await closeServer(s3);
  });

  it("for its region, versions, events and CORS rules, and finds nothing", async () => {
    await expect(checkExistingBucket(WANTED)).resolves.toEqual([]);
    expect(asked.sort()).toEqual([
      "HEAD of /acme-media/",
      "cors of /acme-media/",
      "notification of /acme-media/",
      "versioning of /acme-media/",
    ]);
  });

  it("and says at once all that it lacks", async () => {
    answers["versioning"] = "<VersioningConfiguration/>";
    answers["notification"] = "<NotificationConfiguration/>";
    answers["cors"] = 404;
    const error: unknown = await checkExistingBucket(WANTED).catch((each: unknown) => each);
    expect((error as Error).message.split("\n")).toEqual([
      expect.stringContaining("keeps no versions"),
      expect.stringContaining("sends no events to EventBridge"),
    ]);
  });

  it("and warns of pages that could not upload", async () => {
    answers["cors"] = 404;
    await expect(checkExistingBucket(WANTED)).resolves.toEqual([expect.stringContaining("lets no pages of")]);
  });

  it("and says that there is none of that name", async () => {
    answers["HEAD"] = 404;
    await expect(checkExistingBucket(WANTED)).rejects.toThrow("existingBucket (acme-media) does not exist: create it");
  });

  it("and says that it may not, and with which right it could", async () => {
    answers["notification"] = 403;
    await expect(checkExistingBucket(WANTED)).resolves.toEqual([
      expect.stringMatching(/could not be asked \(AccessDenied\).*s3:GetBucketNotification/),
    ]);
  });

  it("before anything is built, and only where a stage has one", async () => {
    answers["versioning"] = "<VersioningConfiguration/>";
    process.env["AWS_ENDPOINT_URL_LAMBDA"] = "http://127.0.0.1:1";
    const params = { identityProvider: "cognito", corsOrigins: ORIGINS, existingBucket: "acme-media" };
    const deployment = { stage: "dev", params, region: "eu-west-1", profile: undefined };
    await expect(checkBeforeDeploying(deployment)).rejects.toThrow("keeps no versions");
    asked = [];
    await checkBeforeDeploying({ ...deployment, params: { ...params, existingBucket: "" } });
    expect(asked).toEqual([]);
  });
});
