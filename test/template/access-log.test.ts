import { expect, it } from "@jest/globals";
import { readFile } from "node:fs/promises";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import { at } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";

it("records access to media in the bucket that accessLogBucket names, dots and all, below the media bucket's name", async () => {
  const template = await packageWith(
    (await readFile(EXAMPLE_PARAMS, "utf8")).replace('accessLogBucket: ""', "accessLogBucket: acme.access-logs"),
    "prod",
  );
  expect(at(template, "MediaBucket.Properties.LoggingConfiguration")).toEqual({
    DestinationBucketName: "acme.access-logs",
    LogFilePrefix: { "Fn::Sub": "cielo24-proxy-prod-media-${AWS::AccountId}-${AWS::Region}/" },
  });
});
