import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { S3Event, SQSEvent } from "aws-lambda";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import { handleEvents } from "./invocations.ts";

/**
 * The peer: the least that brings an object to cielo24. It keeps its clients, connections and token, and has no ledger, no
 * check and no retry of its own.
 */

const secrets = new SecretsManagerClient();
const s3 = new S3Client({ forcePathStyle: true });
const baseUrl = process.env["CIELO24_BASE_URL"] ?? "";
let token: string | undefined;

const logIn = async (): Promise<string> => {
  const { SecretString = "" } = await secrets.send(
    new GetSecretValueCommand({ SecretId: process.env["CIELO24_SECRET_ARN"] }),
  );
  const { username, securekey } = JSON.parse(SecretString) as { username: string; securekey: string };
  const headers = { "x-auth-user": username, "x-auth-securekey": securekey };
  const { ApiToken } = await readJson(https.request(`${baseUrl}/api/account/login?v=1`, { headers }).end());
  return ApiToken ?? "";
};

const readJson = async (request: ReturnType<typeof https.request>): Promise<Readonly<Record<string, string>>> => {
  const response = await new Promise<Readable>((resolve, reject) => {
    request.once("response", resolve).once("error", reject);
  });
  const chunks = (await response.toArray()) as Buffer[];
  return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
};

const relay = async ({ Records: [message] }: SQSEvent): Promise<unknown> => {
  const { Records } = JSON.parse(message?.body ?? "") as S3Event;
  const { bucket, object } = Records[0]?.s3 ?? {};
  const jobId = object?.key.split("/")[1] ?? "";
  token ??= await logIn();
  const { Body, ContentLength } = await s3.send(
    new GetObjectCommand({ Bucket: bucket?.name, Key: object?.key, VersionId: object?.versionId }),
  );
  const request = https.request(`${baseUrl}/api/job/add_media?v=1&api_token=${token}&job_id=${jobId}`, {
    method: "POST",
    headers: { "content-length": ContentLength },
  });
  const response = readJson(request);
  await pipeline(Body as Readable, request);
  return response;
};

handleEvents(relay);
