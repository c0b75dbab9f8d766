import { CreateBucketCommand, PutBucketCorsCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startExternalServer } from "../external-server.ts";
import { ALLOWED_ORIGIN, type S3Server } from "./s3-server.ts";

/**
 * versitygw on a directory of its own, which must be on a file system with extended attributes.
 *
 * @param binary what `scripts/versitygw.sh` printed
 */
export const startVersitygw = async (binary: string): Promise<S3Server> => {
  const region = "eu-central-1";
  const credentials = { accessKeyId: "AKIDCONTRACT", secretAccessKey: "secret-of-the-contract" };
  const bucket = "contract-bucket";
  const directory = await mkdtemp(join(tmpdir(), "versitygw-"));
  const objects = join(directory, "objects");
  const versions = join(directory, "versions");
  await mkdir(objects);
  await mkdir(versions);
  const accounts = join(directory, "accounts");
  await mkdir(accounts);
  const { endpoint, close } = await startExternalServer(
    "versitygw",
    binary,
    (port) => [
      ...["--port", `127.0.0.1:${port}`, "--region", region, "--iam-dir", accounts, "--quiet"],
      ...["posix", "--versioning-dir", versions, objects],
    ],
    { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
  );
  await setUp({ endpoint, region, credentials }, bucket);
  return {
    endpoint,
    region,
    credentials,
    bucket,
    close: async () => {
      await close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const setUp = async (options: Pick<S3Server, "endpoint" | "region" | "credentials">, bucket: string): Promise<void> => {
  const client = new S3Client({ ...options, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }));
  await client.send(
    new PutBucketCorsCommand({
      Bucket: bucket,
      CORSConfiguration: {
        CORSRules: [
          {
            AllowedOrigins: [ALLOWED_ORIGIN],
            AllowedMethods: ["GET", "PUT", "POST", "DELETE", "HEAD"],
            AllowedHeaders: ["*"],
            ExposeHeaders: ["ETag", "Location", "x-amz-version-id"],
            MaxAgeSeconds: 3000,
          },
        ],
      },
    }),
  );
  client.destroy();
};
