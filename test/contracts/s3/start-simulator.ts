import { startS3 } from "../../../dev/s3/server.ts";
import { ALLOWED_ORIGIN, type S3Server } from "./s3-server.ts";

export const startSimulator = async (): Promise<S3Server> => {
  const region = "eu-central-1";
  const credentials = { accessKeyId: "AKIDCONTRACT", secretAccessKey: "secret-of-the-contract" };
  const bucket = "contract-bucket";
  const s3 = await startS3({ region, accounts: { [credentials.accessKeyId]: credentials.secretAccessKey } });
  s3.createBucket(bucket, { corsOrigins: [ALLOWED_ORIGIN] });
  return { endpoint: s3.url, region, credentials, bucket, close: s3.close };
};
