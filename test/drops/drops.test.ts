import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useDrops } from "../harness/drops.ts";
import { sha256 } from "../harness/sha256.ts";
import { describeWith, findProgram, runProgram } from "../harness/programs.ts";

const MIB = 1024 * 1024;
const SMALL = randomBytes(1_000);
/** In three parts of 8 MiB at most, as both programs are told to part or do by themselves. */
const LARGE = randomBytes(20 * MIB);

const drops = useDrops();
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "drops-"));
  await writeFile(join(directory, "small.mp4"), SMALL);
  await writeFile(join(directory, "large.mp4"), LARGE);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What cielo24 took for the job, once everything has been delivered. */
const delivered = async (jobId: string): Promise<string[]> => {
  await drops.finish();
  return drops.taken(jobId).map((each) => each.sha256);
};

/** As S3 names what was put together of parts. */
const etagOf = async (key: string): Promise<string | undefined> =>
  (await drops.s3.send(new HeadObjectCommand({ Bucket: drops.stack.bucketName, Key: key }))).ETag;

const variables = () => ({
  AWS_ACCESS_KEY_ID: drops.stack.operator.accessKeyId,
  AWS_SECRET_ACCESS_KEY: drops.stack.operator.secretAccessKey,
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
});

const aws = findProgram("aws");
const rclone = findProgram("rclone");

describeWith("aws")("aws s3, unchanged", () => {
  const s3 = (...args: string[]) =>
    runProgram(aws, ["--endpoint-url", drops.stack.s3.url, "s3", ...args], { env: variables(), cwd: directory });
  const place = (path: string) => `s3://${drops.stack.bucketName}/media/${path}`;

  it("drops a small file by cp, which is delivered", async () => {
    const job = drops.newJob();
    await s3("cp", "small.mp4", place(`${job}/small.mp4`));
    expect(await delivered(job)).toEqual([sha256(SMALL)]);
  });

  it("drops a large file in parts by cp, which is delivered", async () => {
    const job = drops.newJob();
    await s3("cp", "large.mp4", place(`${job}/large.mp4`));
    expect(await etagOf(`media/${job}/large.mp4`)).toMatch(/-3"$/);
    expect(await delivered(job)).toEqual([sha256(LARGE)]);
  });

  it("drops what comes through a pipe, of no known size", async () => {
    const job = drops.newJob();
    const command = `cat large.mp4 | "$0" --endpoint-url "$1" s3 cp - "$2"`;
    const args = ["-c", command, aws ?? "", drops.stack.s3.url, place(`${job}/piped.mp4`)];
    await runProgram("/bin/sh", args, { env: variables(), cwd: directory });
    expect(await delivered(job)).toEqual([sha256(LARGE)]);
  });

  it("drops a folder of jobs by sync, each file once, however often it is run", async () => {
    const [one, other] = [drops.newJob(), drops.newJob()];
    const folder = join(directory, "jobs");
    for (const job of [one, other]) await mkdir(join(folder, job), { recursive: true });
    await writeFile(join(folder, one, "Vorlesung 7 (Übung) + Fragen.mp4"), SMALL);
    await writeFile(join(folder, other, "large.mp4"), LARGE);
    await s3("sync", "jobs", place(""));
    expect([await delivered(one), await delivered(other)]).toEqual([[sha256(SMALL)], [sha256(LARGE)]]);
    await s3("sync", "jobs", place(""));
    expect([await delivered(one), await delivered(other)]).toEqual([[sha256(SMALL)], [sha256(LARGE)]]);
  });

  it("moves an object that lies elsewhere in the bucket", async () => {
    const job = drops.newJob();
    await s3("cp", "large.mp4", `s3://${drops.stack.bucketName}/inbox/large.mp4`);
    await s3("mv", `s3://${drops.stack.bucketName}/inbox/large.mp4`, place(`${job}/large.mp4`));
    expect(await delivered(job)).toEqual([sha256(LARGE)]);
  });

  it("shows what was dropped by ls", async () => {
    const job = drops.newJob();
    await s3("cp", "small.mp4", place(`${job}/small.mp4`));
    expect(await s3("ls", place(`${job}/`))).toMatch(/\s1000 small\.mp4\n/);
    await drops.finish();
  });
});

describeWith("rclone")("rclone, unchanged", () => {
  const run = (...args: string[]) =>
    runProgram(rclone, args, {
      cwd: directory,
      env: {
        ...variables(),
        RCLONE_CONFIG_MEDIA_TYPE: "s3",
        RCLONE_CONFIG_MEDIA_PROVIDER: "Other",
        RCLONE_CONFIG_MEDIA_ENV_AUTH: "true",
        RCLONE_CONFIG_MEDIA_REGION: "us-east-1",
        RCLONE_CONFIG_MEDIA_ENDPOINT: drops.stack.s3.url,
        RCLONE_CONFIG_MEDIA_NO_CHECK_BUCKET: "true",
        RCLONE_CONFIG_MEDIA_UPLOAD_CUTOFF: "8M",
        RCLONE_CONFIG_MEDIA_CHUNK_SIZE: "8M",
      },
    });
  const place = (path: string) => `media:${drops.stack.bucketName}/media/${path}`;

  it("copies a small file, which is delivered", async () => {
    const job = drops.newJob();
    await run("copy", "small.mp4", place(job));
    expect(await delivered(job)).toEqual([sha256(SMALL)]);
  });

  it("copies a large file in parts, which is delivered", async () => {
    const job = drops.newJob();
    await run("copy", "large.mp4", place(job));
    expect(await etagOf(`media/${job}/large.mp4`)).toMatch(/-3"$/);
    expect(await delivered(job)).toEqual([sha256(LARGE)]);
  });

  it("leaves alone what it has copied before", async () => {
    const job = drops.newJob();
    await run("copy", "small.mp4", place(job));
    await run("copy", "small.mp4", place(job));
    await drops.finish();
    expect(drops.posts(job)).toHaveLength(1);
    expect(await drops.row(job)).not.toHaveProperty("conflictCount");
  });
});
