import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import type { S3Server } from "./s3-server.ts";

/** The fields of a form with a policy as it stands, signed at a time: for policies that the SDK would not make. */
export const signedPolicy = async (
  { region, credentials }: Pick<S3Server, "region" | "credentials">,
  policy: { readonly expiration: string; readonly conditions: readonly unknown[] },
  signingDate = new Date(),
): Promise<Record<string, string>> => {
  const signer = new SignatureV4({ service: "s3", region, credentials, sha256: Sha256 });
  const date = `${signingDate.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  const stamp = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${credentials.accessKeyId}/${date.slice(0, 8)}/${region}/s3/aws4_request`,
    "x-amz-date": date,
  };
  const conditions = [...policy.conditions, ...Object.entries(stamp).map(([name, value]) => ({ [name]: value }))];
  const encoded = Buffer.from(JSON.stringify({ ...policy, conditions })).toString("base64");
  return { ...stamp, policy: encoded, "x-amz-signature": await signer.sign(encoded, { signingDate }) };
};
