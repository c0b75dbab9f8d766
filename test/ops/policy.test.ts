import { beforeAll, describe, expect, it } from "@jest/globals";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What AWS asks for, of calls whose permission has another name than themselves. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  // Anybody may.
  "sts:GetCallerIdentity": [],
  "cloudwatch-logs:FilterLogEvents": ["logs:FilterLogEvents"],
  "secrets-manager:GetSecretValue": ["secretsmanager:GetSecretValue"],
  "lambda:Invoke": ["lambda:InvokeFunction"],
  "apigatewayv2:GetAuthorizers": ["apigateway:GET"],
  "apigatewayv2:GetStage": ["apigateway:GET"],
  "s3:ListObjectVersions": ["s3:ListBucketVersions"],
  "s3:ListMultipartUploads": ["s3:ListBucketMultipartUploads"],
  "s3:GetBucketNotificationConfiguration": ["s3:GetBucketNotification"],
  "s3:GetBucketCors": ["s3:GetBucketCORS"],
  "s3:GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
  // All of them name a version.
  "s3:DeleteObjects": ["s3:DeleteObjectVersion"],
  // Without ListBucket, what is missing is forbidden.
  "s3:HeadObject": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"],
  // SQS does the rest with the caller's permissions.
  "sqs:StartMessageMoveTask": [
    "sqs:StartMessageMoveTask",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:SendMessage",
  ],
};
/** `owner` and `forget` write by way of the functions' ledger. */
const BY_THE_LEDGER = ["dynamodb:GetItem", "dynamodb:UpdateItem"];

const IMPORT = /import\s*\{([^}]*)\}\s*from "@aws-sdk\/client-([\w-]+)"/g;
const CALL = /\b(?:paginate(\w+)|(\w+)Command)\b/g;

describe("the policy of an operator in docs/ops.md", () => {
  let granted: ReadonlySet<string>;
  let needed: ReadonlySet<string>;

  beforeAll(async () => {
    const files = (await readdir("ops", { recursive: true })).filter((name) => name.endsWith(".ts"));
    const sources = await Promise.all(files.map((name) => readFile(join("ops", name), "utf8")));
    const calls = sources.flatMap((source) =>
      [...source.matchAll(IMPORT)].flatMap(([, names = "", service = ""]) =>
        [...names.matchAll(CALL)].map(([, page, command]) => `${service}:${page ?? command ?? ""}`),
      ),
    );
    needed = new Set([...calls.flatMap((call) => PERMISSIONS[call] ?? [call]), ...BY_THE_LEDGER]);
    const [, section = ""] = (await readFile("docs/ops.md", "utf8")).split("## What an operator may do");
    granted = new Set([...section.matchAll(/"([a-z0-9]+:[A-Z]\w+)"/g)].map(([, action = ""]) => action));
  });

  it("allows every call that a command makes", () => {
    expect(needed.size).toBeGreaterThan(20);
    expect([...needed].filter((action) => !granted.has(action))).toEqual([]);
  });

  it("allows nothing else", () => {
    expect([...granted].filter((action) => !needed.has(action))).toEqual([]);
  });
});
