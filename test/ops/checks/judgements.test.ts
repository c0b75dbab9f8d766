import { describe, expect, it } from "@jest/globals";
import { judgeAlarms, judgeSubscriptions } from "../../../ops/checks/alarms.ts";
import { judgeBodies } from "../../../ops/checks/api.ts";
import { judgeCors, judgeNotification, judgePublicAccess } from "../../../ops/checks/bucket.ts";
import { judgeHead } from "../../../ops/checks/head.ts";
import { judgePolicy } from "../../../ops/checks/queue.ts";
import { judgeTable } from "../../../ops/checks/table.ts";

const QUEUE = "arn:aws:sqs:us-east-1:000000000000:cielo24-proxy-dev-media";
const BUCKET = "cielo24-proxy-dev-media-000000000000-us-east-1";
const prefix = (Value: string) => ({ Key: { FilterRules: [{ Name: "prefix" as const, Value }] } });

describe("the bucket's notification", () => {
  it("is right if each object under media/ is told to the queue", () => {
    const Events = ["s3:ObjectCreated:*" as const];
    expect(judgeNotification([{ QueueArn: QUEUE, Events, Filter: prefix("media/") }], QUEUE).is).toBe("ok");
    expect(judgeNotification([{ QueueArn: QUEUE, Events }], QUEUE).is).toBe("ok");
  });

  it.each([
    ["is missing", []],
    ["leads to another queue", [{ QueueArn: `${QUEUE}-2`, Events: ["s3:ObjectCreated:*" as const] }]],
    ["leaves out completed uploads", [{ QueueArn: QUEUE, Events: ["s3:ObjectCreated:Put" as const] }]],
    ["has another prefix", [{ QueueArn: QUEUE, Events: ["s3:ObjectCreated:*" as const], Filter: prefix("media/a") }]],
    [
      "has a suffix",
      [
        {
          QueueArn: QUEUE,
          Events: ["s3:ObjectCreated:*" as const],
          Filter: { Key: { FilterRules: [{ Name: "suffix" as const, Value: ".mp4" }] } },
        },
      ],
    ],
  ])("is wrong if it %s", (_how, configurations) => {
    expect(judgeNotification(configurations, QUEUE)).toMatchObject({
      is: "failed",
      next: expect.stringContaining("npm run deploy") as unknown,
    });
  });
});

describe("the bucket's CORS", () => {
  const rule = {
    AllowedOrigins: ["https://captions.example.org"],
    AllowedMethods: ["PUT", "POST", "GET", "DELETE"],
    ExposeHeaders: ["ETag"],
  };

  it("is right if pages may do what is signed, and see the ETag", () => {
    expect(judgeCors([rule])).toEqual({ is: "ok", text: "pages of https://captions.example.org may upload" });
  });

  it.each([
    ["there is none", []],
    ["DELETE is missing", [{ ...rule, AllowedMethods: ["PUT", "POST", "GET"] }]],
    ["the ETag is not shown", [{ ...rule, ExposeHeaders: [] }]],
  ])("is wrong if %s", (_why, rules) => {
    expect(judgeCors(rules).is).toBe("failed");
  });
});

describe("the bucket's block of public access", () => {
  it("is right only if all four are on, and names the others", () => {
    const all = {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    };
    expect(judgePublicAccess(all).is).toBe("ok");
    expect(judgePublicAccess({ ...all, BlockPublicPolicy: false })).toMatchObject({
      is: "failed",
      text: "Not blocked: BlockPublicPolicy.",
    });
    expect(judgePublicAccess(undefined).is).toBe("failed");
  });
});

describe("the queue's policy", () => {
  const statement = {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "sqs:SendMessage",
    Resource: QUEUE,
    Condition: {
      ArnEquals: { "aws:SourceArn": `arn:aws:s3:::${BUCKET}` },
      StringEquals: { "aws:SourceAccount": "000000000000" },
    },
  };
  const judge = (...Statement: object[]) => judgePolicy({ Statement }, { bucket: BUCKET, queueArn: QUEUE }).is;

  it("is right if S3 may send the bucket's events", () => {
    expect(judge(statement)).toBe("ok");
    expect(judge({ ...statement, Condition: undefined, Action: ["SQS:SendMessage"], Resource: [QUEUE] })).toBe("ok");
  });

  it.each([
    ["it is empty", []],
    ["it denies", [{ ...statement, Effect: "Deny" }]],
    ["another service may", [{ ...statement, Principal: { Service: "sns.amazonaws.com" } }]],
    ["it is about another queue", [{ ...statement, Resource: `${QUEUE}-dead-letter` }]],
    [
      "it is about another bucket",
      [{ ...statement, Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:s3:::another" } } }],
    ],
  ])("is wrong if %s", (_why, statements) => {
    expect(judge(...statements)).toBe("failed");
  });

  it("is wrong if there is none", () => {
    expect(judgePolicy(undefined, { bucket: BUCKET, queueArn: QUEUE }).is).toBe("failed");
  });
});

describe("the table", () => {
  const index = {
    IndexName: "open",
    IndexStatus: "ACTIVE" as const,
    KeySchema: [
      { AttributeName: "open_shard", KeyType: "HASH" as const },
      { AttributeName: "due_at", KeyType: "RANGE" as const },
    ],
  };
  const table = {
    TableName: "deliveries",
    TableStatus: "ACTIVE" as const,
    KeySchema: [{ AttributeName: "job_id", KeyType: "HASH" as const }],
    GlobalSecondaryIndexes: [index],
  };

  it("is right with its key and its index", () => {
    expect(judgeTable(table).is).toBe("ok");
  });

  it.each([
    ["another key", { ...table, KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }] }],
    ["no index", { ...table, GlobalSecondaryIndexes: [] }],
    [
      "an index that is being made",
      { ...table, GlobalSecondaryIndexes: [{ ...index, IndexStatus: "CREATING" as const }] },
    ],
    ["an index by another key", { ...table, GlobalSecondaryIndexes: [{ ...index, KeySchema: [] }] }],
    ["a restore under way", { ...table, TableStatus: "CREATING" as const }],
  ])("is wrong with %s", (_what, described) => {
    expect(judgeTable(described).is).toBe("failed");
  });
});

describe("alarms and subscriptions", () => {
  const alarm = { name: "cielo24-proxy-dev-errors", isOn: true, isRinging: false };
  const confirmed = { SubscriptionArn: "arn:aws:sns:us-east-1:000000000000:alarms:1" };
  const pending = { SubscriptionArn: "PendingConfirmation" };

  it("are right if no alarm is up, and somebody hears of both topics", () => {
    expect(judgeAlarms([alarm]).is).toBe("ok");
    expect(judgeSubscriptions({ alarms: [confirmed], notices: [confirmed] }).is).toBe("ok");
  });

  it.each([
    ["there are none", [], "no alarms"],
    ["one is up", [alarm, { ...alarm, name: "late", isRinging: true }], "Up: late."],
    ["one tells nobody", [{ ...alarm, isOn: false }], "cielo24-proxy-dev-errors"],
  ])("are wrong if %s", (_why, alarms, says) => {
    expect(judgeAlarms(alarms)).toMatchObject({ is: "failed", text: expect.stringContaining(says) as unknown });
  });

  it.each([
    [
      "nobody has subscribed",
      { alarms: [], notices: [confirmed] },
      /^Nobody hears of alarms: there is no subscription/,
    ],
    ["nobody has confirmed", { alarms: [pending], notices: [pending] }, /^Nobody hears of alarms and notices: no sub/],
    ["one is not confirmed", { alarms: [confirmed, pending], notices: [confirmed] }, /^Not confirmed yet: 1 /],
  ])("are wrong if %s", (_why, topics, says) => {
    expect(judgeSubscriptions(topics)).toMatchObject({ is: "failed", text: expect.stringMatching(says) as unknown });
  });
});

describe("large bodies", () => {
  it("are refused with 413 from 4.5 MB on, and taken before", () => {
    expect(judgeBodies([[4, 404], [4.6, 413], [10.5, 413]]).is).toBe("ok"); // prettier-ignore
    expect(judgeBodies([[4, 404], [4.6, 500]]).is).toBe("failed"); // prettier-ignore
    expect(judgeBodies([[4, 413], [4.6, 413]]).is).toBe("failed"); // prettier-ignore
  });

  it("are not judged by a token that is not taken", () => {
    expect(judgeBodies([[4, 401]]).is).toBe("skipped");
  });
});

describe("the length that HEAD tells of a handed-over object", () => {
  const answer = { jobId: "0123456789abcdef0123456789abcdef", sizeBytes: 5_000_000_000, status: 200 };

  it("is right if it is the object's", () => {
    expect(judgeHead({ ...answer, length: "5000000000" }).is).toBe("ok");
  });

  it.each([
    ["is missing", { length: null }, "no content-length"],
    ["is that of the empty body", { length: "0" }, "content-length 0"],
    ["belongs to a refusal", { length: "42", status: 404 }, "404"],
    ["belongs to a throttled call", { length: "42", status: 429 }, "429"],
  ])("is wrong if it %s", (_how, got, text) => {
    expect(judgeHead({ ...answer, ...got })).toMatchObject({
      is: "failed",
      text: expect.stringContaining(text) as unknown,
    });
  });
});
