import { describe, expect, it } from "@jest/globals";
import type { FunctionCall } from "../../dev/stack/function-calls.ts";
import { findMissing, findSuperfluous } from "./compare.ts";
import { needsOf } from "./needs.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const s3 = (operation: string, more: Partial<FunctionCall> = {}): FunctionCall => ({
  by: "census",
  service: "s3",
  operation,
  resource: "cielo24-proxy-local-media",
  key: `media/${JOB}/a.mp4`,
  status: 200,
  ...more,
});
const dynamodb = (operation: string, more: Partial<FunctionCall> = {}): FunctionCall => ({
  by: "census",
  service: "dynamodb",
  operation,
  resource: "cielo24-proxy-local-deliveries",
  ...more,
});
const rightsFor = (call: FunctionCall) => needsOf(call).map(({ action, resource }) => `${action} on ${resource}`);

describe("what AWS checks for a call", () => {
  it.each([
    [s3("HeadObject"), ["s3:GetObject"]],
    [s3("GetObject"), ["s3:GetObject"]],
    [s3("HeadObject", { namesVersion: true }), ["s3:GetObjectVersion"]],
    [s3("HeadObject", { status: 404 }), ["s3:GetObject", "s3:ListBucket"]],
    [
      s3("HeadObject", { status: 404, namesVersion: true }),
      ["s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"],
    ],
    [s3("HeadObject", { status: 403 }), ["s3:GetObject"]],
    [s3("UploadPart"), ["s3:PutObject"]],
    [s3("ListParts", { status: 404 }), ["s3:ListMultipartUploadParts"]],
    [s3("ListObjectsV2", { key: undefined }), ["s3:ListBucket"]],
    [s3("ListObjectVersions", { key: undefined }), ["s3:ListBucketVersions"]],
    [dynamodb("Query", { index: "open" }), ["dynamodb:Query"]],
  ])("of %j is %j", (call, actions) => {
    expect(needsOf(call).map(({ action }) => action)).toEqual(actions);
  });

  it("is about the index, where one is named, and about the bucket, where it is listed", () => {
    expect(rightsFor(dynamodb("Query", { index: "open" }))).toEqual(["dynamodb:Query on DeliveryTable/index/open"]);
    expect(rightsFor(s3("ListObjectsV2", { key: undefined }))).toEqual(["s3:ListBucket on MediaBucket"]);
  });

  it.each([s3("RestoreObject"), s3("SelectObjectContent"), dynamodb("TransactWriteItems")])(
    "is not guessed for %j",
    (call) => {
      expect(() => needsOf(call)).toThrow(`Say in test/roles/needs.ts what ${call.operation} takes`);
    },
  );
});

describe("a role that was compared with what was called", () => {
  const NEEDS = [dynamodb("Query", { index: "open" }), s3("ListObjectsV2", { key: undefined })].flatMap(needsOf);

  it("lacks what none of its statements covers: function, action, resource and call are named", () => {
    expect(findMissing(["dynamodb:Query on DeliveryTable", "s3:ListBucketVersions on MediaBucket"], NEEDS)).toEqual([
      "The role of census lacks dynamodb:Query on DeliveryTable/index/open: it called Query",
      "The role of census lacks s3:ListBucket on MediaBucket: it called ListObjectsV2",
    ]);
    expect(findMissing(["dynamodb:Query on DeliveryTable/index/*", "s3:ListBucket on MediaBucket"], NEEDS)).toEqual([]);
  });

  it("is too wide by what nothing needed", () => {
    const grants = ["dynamodb:Query on DeliveryTable/index/*", "dynamodb:Scan on DeliveryTable"];
    expect(findSuperfluous("census", grants, NEEDS)).toEqual([
      "The role of census grants dynamodb:Scan on DeliveryTable: no call of its own needed that",
    ]);
  });

  it("lacks a right to rows that its condition leaves out", () => {
    const grants = ["dynamodb:UpdateItem on DeliveryTable if owner#*"];
    expect(findMissing(grants, needsOf(dynamodb("UpdateItem", { key: `owner#${JOB}` })))).toEqual([]);
    expect(findMissing(grants, needsOf(dynamodb("UpdateItem", { key: JOB })))).toEqual([
      "The role of census lacks dynamodb:UpdateItem on DeliveryTable (rows like *): it called UpdateItem",
    ]);
  });

  it("lacks nothing to tell 404 from 403, where the function takes one for the other", () => {
    const gone = (by: string) => needsOf(s3("HeadObject", { by, status: 404, namesVersion: true }));
    const grants = ["s3:GetObjectVersion on MediaBucket/media/*"];
    expect(findMissing(grants, gone("media-source"))).toEqual([]);
    expect(findMissing(grants, gone("deliver-media"))).toEqual([
      "The role of deliver-media lacks s3:ListBucket on MediaBucket: without it, S3 answers 403 and not 404 to its HeadObject",
      "The role of deliver-media lacks s3:ListBucketVersions on MediaBucket: without it, S3 answers 403 and not 404 to its HeadObject",
    ]);
  });
});
