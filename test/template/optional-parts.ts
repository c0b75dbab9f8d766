import { readFile } from "node:fs/promises";
import { EXAMPLE_PARAMS } from "../../scripts/package/params.ts";
import type { Template } from "./cloudformation.ts";
import { packageWith } from "./packaged.ts";

export const KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
export const BOUNDARY = "arn:aws:iam::111122223333:policy/developer-boundary";
export const CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab";
export const BUCKET = "acme.captions-media";

/** The parameters of every optional part of a stage but an existing bucket, in whose place it has its own. */
export const PARTS = {
  kmsKeyArn: KEY,
  permissionsBoundaryArn: BOUNDARY,
  vpcSubnetIds: "[subnet-0123456789abcdef0, subnet-0123456789abcdef1]",
  vpcSecurityGroupIds: "[sg-0123456789abcdef0]",
  domainName: "proxy.captions.test",
  certificateArn: CERTIFICATE,
};

/** The template of prod with values in place of the example's empty ones. */
export const packageParts = async (
  parts: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Template> => {
  let params = await readFile(EXAMPLE_PARAMS, "utf8");
  for (const [name, value] of Object.entries(parts)) params = params.replace(`${name}: ""`, `${name}: ${value}`);
  return packageWith(params, "prod", ...args);
};
