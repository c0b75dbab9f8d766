import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { formatBytes } from "../client/words.ts";
import { createConsole } from "./console.ts";
import { createProxyClient, type ProxyResponse } from "./proxy-client.ts";
import { startStack, type StackOptions } from "./stack.ts";

const MIB = 1024 * 1024;

const expectStatus = (answer: ProxyResponse, status: number, errorType?: string): string => {
  const told = `${answer.status} ${JSON.stringify(answer.body)}`;
  if (answer.status !== status) throw new Error(`expected ${status}, got ${told}`);
  if (errorType !== undefined && answer.body["ErrorType"] !== errorType)
    throw new Error(`expected ${errorType}, got ${told}`);
  const said = answer.body["ErrorComment"] ?? answer.body["message"] ?? answer.body["TaskId"] ?? "";
  return `${answer.status} ${[answer.body["ErrorType"], said].filter(Boolean).join(": ")}`;
};

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * A tour of every route of the proxy on the local stack, including refusals. It checks by SHA-256 what arrived at the
 * simulated cielo24, and prints each step.
 *
 * @param options.functions replacements for the functions, by name
 * @returns how many steps failed
 */
export const runTour = async (options: Pick<StackOptions, "functions"> = {}): Promise<number> => {
  const console_ = createConsole();
  let failures = 0;

  /** Runs one step, which returns what to print, or throws. */
  const step = async (label: string, act: () => Promise<string>): Promise<void> => {
    console_.progress(label, "…");
    try {
      const text = await act();
      console_.progressDone();
      console_.passed(label, text);
    } catch (error) {
      failures += 1;
      console_.progressDone();
      console_.failed(label, error instanceof Error ? error.message : String(error));
    }
  };

  console_.title("cielo24-proxy: a tour on the local stack");
  const hosted = new Map<string, Uint8Array>();
  const stack = await startStack({
    ...options,
    // An operator's drop waits for newer versions of its key; here not as long as in a stage.
    env: { DROP_SETTLE_S: "2" },
    fetchMedia: (url) => {
      const bytes = hosted.get(url);
      return Promise.resolve(bytes);
    },
  });
  const { cielo24 } = stack;
  if (!cielo24) throw new Error("The tour needs the simulated cielo24");
  const token = await stack.token({ sub: "lecturer-1", scope: "media.write media.read metadata.write" });
  const client = createProxyClient(stack.apiUrl, token);
  const admin = createProxyClient(stack.apiUrl, await stack.token({ sub: "operator-1", scope: "admin" }));
  const stranger = createProxyClient(
    stack.apiUrl,
    await stack.token({ sub: "lecturer-2", scope: "media.write media.read metadata.write" }),
  );
  const s3 = new S3Client({ ...stack.s3ClientConfig, requestChecksumCalculation: "WHEN_REQUIRED" });

  /** Checks what cielo24 took for the job. @throws unless it is exactly these bytes, once */
  const checkArrived = (jobId: string, bytes: Uint8Array): string => {
    const taken = cielo24.acceptances.filter((acceptance) => acceptance.jobId === jobId);
    if (taken.length !== 1) throw new Error(`cielo24 took ${taken.length} media for the job`);
    if (taken[0]?.sha256 !== sha256Of(bytes)) throw new Error("cielo24 got other bytes than were sent");
    return `${formatBytes(bytes.byteLength)}, SHA-256 ${taken[0].sha256.slice(0, 12)}…`;
  };

  const awaitDelivered = async (as: typeof client, jobId: string, label: string): Promise<string> => {
    const answer = await as.awaitDelivery(jobId, ({ body }) => {
      const state = body["State"];
      if (typeof state === "string") console_.progress(label, state);
    });
    if (answer.body["State"] !== "DELIVERED") throw new Error(`ended ${answer.status} ${JSON.stringify(answer.body)}`);
    return `TaskId ${String(answer.body["TaskId"])}`;
  };

  const put = async (url: string, bytes: Uint8Array<ArrayBuffer>): Promise<Response> => {
    const response = await fetch(url, { method: "PUT", body: bytes });
    if (!response.ok) throw new Error(`the bucket answered ${response.status} ${await response.text()}`);
    return response;
  };

  console_.title("Uploads");
  const singleJob = cielo24.addJob();
  await step("single PUT", async () => {
    const bytes = randomBytes(3 * MIB);
    const signed = await client.call("GET", "/api/job/request_upload_url", {
      job_id: singleJob,
      filename: "Lecture 1.mp4",
      content_length: String(bytes.byteLength),
    });
    expectStatus(signed, 200);
    await put(String(signed.body["upload_url"]), bytes);
    const task = await awaitDelivered(client, singleJob, "single PUT");
    return `${task}, ${checkArrived(singleJob, bytes)}`;
  });

  await step("multipart, 3 parts", async () => {
    const jobId = cielo24.addJob();
    const parts = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(2 * MIB)];
    const sign = async (request: object): Promise<Record<string, unknown>> => {
      const answer = await client.call("POST", "/api/job/sign_upload", {}, { job_id: jobId, ...request });
      expectStatus(answer, 200);
      return answer.body;
    };
    const create = await sign({ method: "POST", filename: "Lecture 2.mp4" });
    const key = String(create["key"]);
    const created = await (await fetch(String(create["url"]), { method: "POST" })).text();
    const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(created)?.[1];
    if (!uploadId) throw new Error(`no upload id in ${created}`);
    const tags: string[] = [];
    for (const [index, bytes] of parts.entries()) {
      console_.progress("multipart, 3 parts", `part ${index + 1} of ${parts.length}`);
      const part = await sign({ method: "PUT", key, upload_id: uploadId, part_number: index + 1 });
      tags.push((await put(String(part["url"]), bytes)).headers.get("etag") ?? "");
    }
    const complete = await sign({ method: "POST", key, upload_id: uploadId });
    const list = tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join("");
    const completed = await fetch(String(complete["url"]), {
      method: "POST",
      body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
    });
    if (!completed.ok) throw new Error(`the bucket answered ${completed.status} ${await completed.text()}`);
    const task = await awaitDelivered(client, jobId, "multipart, 3 parts");
    return `${task}, ${checkArrived(jobId, Buffer.concat(parts))}`;
  });

  await step("operator's drop, odd name", async () => {
    const jobId = cielo24.addJob();
    const bytes = randomBytes(MIB);
    const name = "Vorlesung 1+2 – Größe %20.mp4";
    await s3.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: `media/${jobId}/${name}`, Body: bytes }));
    const task = await awaitDelivered(admin, jobId, "operator's drop, odd name");
    return `${task}, ${checkArrived(jobId, bytes)}`;
  });

  console_.title("A look before a job is spent");
  const drop = (jobId: string, name: string, bytes: Uint8Array) =>
    s3.send(new PutObjectCommand({ Bucket: stack.bucketName, Key: `media/${jobId}/${name}`, Body: bytes }));
  const sample = (name: string) => readFile(new URL(`../test/media/${name}`, import.meta.url));
  /** How the delivery of a drop that is not worth a job ends. @throws if cielo24 got it */
  const awaitRejected = async (jobId: string, label: string, errorType: string): Promise<string> => {
    const { body } = await admin.awaitDelivery(jobId, (answer) => {
      console_.progress(label, String(answer.body["State"]));
    });
    const { ErrorType, ErrorComment } = (body["Error"] ?? {}) as Record<string, string>;
    if (body["State"] !== "REJECTED" || ErrorType !== errorType) throw new Error(`ended ${JSON.stringify(body)}`);
    if (cielo24.acceptances.some((acceptance) => acceptance.jobId === jobId)) throw new Error("cielo24 took it");
    return `${ErrorType}: ${ErrorComment ?? ""}`;
  };
  const film = await sample("moov-at-end.mp4");

  await step("a folder as a Mac leaves it", async () => {
    const jobId = cielo24.addJob();
    await drop(jobId, ".DS_Store", Buffer.from("0000000142756431", "hex"));
    await drop(jobId, "._film.mp4", randomBytes(4096));
    await drop(jobId, "film.srt", Buffer.from("1\n00:00:00,000 --> 00:00:02,000\nWelcome.\n"));
    await drop(jobId, "film.mp4", film);
    const task = await awaitDelivered(admin, jobId, "a folder as a Mac leaves it");
    return `${task}, the film alone: ${checkArrived(jobId, film)}`;
  });

  await step("a subtitle named film.mp4", async () => {
    const jobId = cielo24.addJob();
    await drop(jobId, "film.mp4", Buffer.from("WEBVTT\n\n00:00.000 --> 00:02.000\nWelcome.\n"));
    return awaitRejected(jobId, "a subtitle named film.mp4", "NOT_MEDIA");
  });

  await step("a film that is cut off, uploaded", async () => {
    const jobId = cielo24.addJob();
    const bytes = Buffer.concat([film.subarray(0, 40), Buffer.from("7fffffff6d646174", "hex"), randomBytes(100_000)]);
    const signed = await client.call("GET", "/api/job/request_upload_url", {
      job_id: jobId,
      content_length: String(bytes.byteLength),
    });
    await put(String(signed.body["upload_url"]), bytes);
    return awaitRejected(jobId, "a film that is cut off, uploaded", "MEDIA_INCOMPLETE");
  });

  await step("a silent film", async () => {
    const jobId = cielo24.addJob();
    const bytes = await sample("silent.mp4");
    await drop(jobId, "film.mp4", bytes);
    const task = await awaitDelivered(admin, jobId, "a silent film");
    const { body } = await admin.call("GET", "/api/job/delivery", { job_id: jobId });
    const { ErrorType } = (body["Concern"] ?? {}) as Record<string, string>;
    if (ErrorType !== "NO_AUDIO") throw new Error(`no word of the missing sound: ${JSON.stringify(body)}`);
    return `${task}, ${String(body["Container"])}, ${ErrorType}, ${checkArrived(jobId, bytes)}`;
  });

  console_.title("Calls");
  await step("add_media by URL", async () => {
    const jobId = cielo24.addJob();
    const bytes = randomBytes(2 * MIB);
    const url = "https://media.example.org/lectures/3.mp4";
    hosted.set(url, bytes);
    const answer = await client.call("GET", "/api/job/add_media", { job_id: jobId, media_url: url });
    const told = expectStatus(answer, 200);
    await cielo24.settled();
    return `${told}, ${checkArrived(jobId, bytes)}`;
  });

  await step("add_media, small body", async () => {
    const jobId = cielo24.addJob();
    const bytes = randomBytes(300_000);
    const answer = await client.call("POST", "/api/job/add_media", { job_id: jobId }, bytes);
    return `${expectStatus(answer, 200)}, ${checkArrived(jobId, bytes)}`;
  });

  await step("update_metadata", async () => {
    const metadata = { job_id: singleJob, reference_id: "course 7/Größe", requestor_id: "lecturer-1" };
    const told = expectStatus(await client.call("GET", "/api/job/update_metadata", metadata), 200);
    const seen = cielo24.metadata.at(-1);
    if (seen?.referenceId !== metadata.reference_id) throw new Error("cielo24 got another reference_id");
    return `${told}, reference_id "${seen.referenceId}"`;
  });

  await step("status", async () => {
    const answer = await client.call("GET", "/api/job/delivery", { job_id: singleJob });
    if (answer.body["State"] !== "DELIVERED") throw new Error(JSON.stringify(answer.body));
    return `${answer.status} State ${answer.body["State"]}, Attempts ${String(answer.body["Attempts"])}`;
  });

  console_.title("Refusals");
  await step("no token", async () => {
    const anonymous = createProxyClient(stack.apiUrl, undefined);
    return expectStatus(await anonymous.call("GET", "/api/job/delivery", { job_id: singleJob }), 401);
  });
  await step("a token of nobody's", async () => {
    const forged = createProxyClient(stack.apiUrl, `${token.slice(0, token.lastIndexOf("."))}.${"A".repeat(342)}`);
    return expectStatus(await forged.call("GET", "/api/job/delivery", { job_id: singleJob }), 401);
  });
  await step("somebody else's job", async () =>
    expectStatus(await stranger.call("GET", "/api/job/delivery", { job_id: singleJob }), 404, "ITEM_NOT_FOUND"),
  );
  await step("a mistyped job, before its upload", async () =>
    expectStatus(
      await client.call("GET", "/api/job/request_upload_url", { job_id: "0".repeat(32) }),
      404,
      "ITEM_NOT_FOUND",
    ),
  );
  await step("api_token in the query", async () =>
    expectStatus(
      await client.call("GET", "/api/job/delivery", { job_id: singleJob, api_token: "0".repeat(32) }),
      400,
      "INVALID_QUERY",
    ),
  );
  const formJob = cielo24.addJob();
  const lecture = randomBytes(300_000);
  await step("a form around a file, as curl -F", async () => {
    const form = new FormData();
    form.append("file", new Blob([lecture]), "lecture.mp4");
    const told = expectStatus(
      await client.call("POST", "/api/job/add_media", { job_id: formJob }, form),
      400,
      "INVALID_QUERY",
    );
    if (cielo24.acceptances.some(({ jobId }) => jobId === formJob)) throw new Error("cielo24 took the form");
    return told;
  });
  await step("the file itself, for that job", async () => {
    const answer = await client.call("POST", "/api/job/add_media", { job_id: formJob }, lecture);
    return `${expectStatus(answer, 200)}, ${checkArrived(formJob, lecture)}`;
  });
  await step("a misspelt parameter", async () =>
    expectStatus(
      await client.call("GET", "/api/job/request_upload_url", { job_id: cielo24.addJob(), size: "300000" }),
      400,
      "INVALID_QUERY",
    ),
  );
  await step("second media by a call", async () =>
    expectStatus(
      await client.call("POST", "/api/job/add_media", { job_id: singleJob }, randomBytes(1000)),
      409,
      "JOB_HAS_MEDIA",
    ),
  );
  await step("second media by an upload", async () =>
    expectStatus(await client.call("GET", "/api/job/request_upload_url", { job_id: singleJob }), 409, "JOB_HAS_MEDIA"),
  );
  await step("tampered URL", async () => {
    const jobId = cielo24.addJob();
    const signed = await client.call("GET", "/api/job/request_upload_url", { job_id: jobId });
    const url = String(signed.body["upload_url"]).replace(jobId, cielo24.addJob());
    const response = await fetch(url, { method: "PUT", body: "x" });
    const code = /<Code>([^<]+)/.exec(await response.text())?.[1];
    if (response.status !== 403) throw new Error(`the bucket answered ${response.status}`);
    return `${response.status} ${code ?? ""} (from the bucket)`;
  });
  await step("expired URL", async () => {
    const command = new GetObjectCommand({ Bucket: stack.bucketName, Key: "media/any" });
    const url = await getSignedUrl(s3, command, { expiresIn: 3600, signingDate: new Date(Date.now() - 7_200_000) });
    const response = await fetch(url);
    const message = /<Message>([^<]+)/.exec(await response.text())?.[1];
    if (response.status !== 403) throw new Error(`the bucket answered ${response.status}`);
    return `${response.status} ${message ?? ""} (from the bucket)`;
  });

  await step("nobody got a second medium", async () => {
    await stack.drain();
    const jobs = cielo24.acceptances.map(({ jobId }) => jobId);
    if (new Set(jobs).size !== jobs.length) throw new Error("a job has two media");
    return `${jobs.length} jobs, ${jobs.length} media`;
  });

  s3.destroy();
  await stack.close();
  console_.line();
  console_.line(failures === 0 ? console_.bold("Every step was as it must be.") : `${failures} steps failed.`);
  return failures;
};
