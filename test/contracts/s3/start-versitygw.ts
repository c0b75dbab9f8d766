import { CreateBucketCommand, PutBucketCorsCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ALLOWED_ORIGIN, type S3Server } from "./s3-server.ts";

const START_TIMEOUT_MS = 20_000;

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
  const port = await freePort();
  const gateway = spawn(
    binary,
    [
      ...["--port", `127.0.0.1:${port}`, "--region", region, "--iam-dir", accounts, "--quiet"],
      ...["posix", "--versioning-dir", versions, objects],
    ],
    {
      stdio: "ignore",
      env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    },
  );
  const ended = once(gateway, "exit");
  const close = async () => {
    gateway.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  // Any answer will do: an unsigned request is refused once the server is up.
  while (!(await answers(endpoint))) {
    if (gateway.exitCode !== null || Date.now() > giveUpAt) {
      await close();
      throw new Error("versitygw does not start");
    }
    await delay(50);
  }
  await setUp({ endpoint, region, credentials }, bucket);
  return { endpoint, region, credentials, bucket, close };
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

const answers = (endpoint: string): Promise<boolean> =>
  fetch(endpoint).then(
    () => true,
    () => false,
  );

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};
