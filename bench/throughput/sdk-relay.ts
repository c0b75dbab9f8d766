import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { once } from "node:events";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readPeakRssMiB } from "../peak-rss.ts";
import type { Cost } from "./transfers.ts";

/**
 * What one would write first: `GetObject` of the SDK into one POST, by `http.request` or by `fetch`. No ledger, no SHA-256,
 * no resumption. It takes its task from the environment and prints what that cost.
 */
const { BUCKET, KEY, TARGET = "", BY } = process.env;

const relay = async (): Promise<void> => {
  const s3 = new S3Client({ forcePathStyle: true, responseChecksumValidation: "WHEN_REQUIRED" });
  const startedAt = Date.now();
  const cpuBefore = process.cpuUsage();

  const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY }));
  const body = Body as Readable;
  const headers = { "content-length": String(ContentLength) };
  if (BY === "fetch") {
    const response = await fetch(TARGET, { method: "POST", headers, body, duplex: "half" });
    if (!response.ok) throw new Error(await response.text());
  } else {
    const request = (TARGET.startsWith("https:") ? requestTls : requestPlain)(TARGET, { method: "POST", headers });
    const answered = once(request, "response");
    await pipeline(body, request);
    const [response] = (await answered) as [Readable & { statusCode: number }];
    if (response.statusCode !== 200) throw new Error(`cielo24 answered ${response.statusCode}`);
    response.resume();
  }

  const cpu = process.cpuUsage(cpuBefore);
  const cost: Cost = {
    ms: Date.now() - startedAt,
    cpuS: (cpu.user + cpu.system) / 1e6,
    peakRssMiB: readPeakRssMiB(),
  };
  process.stdout.write(JSON.stringify(cost), () => process.exit(0));
};

void relay();
