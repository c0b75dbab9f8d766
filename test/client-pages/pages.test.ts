import { afterAll, beforeAll, beforeEach, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { startUploadPage, type UploadPage } from "../../dev/web/server.ts";
import { describeWith, findProgram, runProgram } from "../harness/programs.ts";
import { useDrops } from "../harness/drops.ts";
import { sha256 } from "../harness/sha256.ts";
import { makeFolder } from "../harness/folder.ts";
import { readSections, type Section } from "./sections.ts";

const MIB = 1024 * 1024;
const SMALL = randomBytes(1_000);
const LARGE = randomBytes(20 * MIB);
/** Gives `aws` the address of the local bucket. Debian's version knows no variable for it. */
const LOCAL_AWS = 'aws() { command "$AWS" --endpoint-url "$S3" "$@"; }';

const local = useDrops({ fetchMedia: () => Promise.resolve(SMALL) });
let job: string;
let otherJob: string;
beforeEach(() => {
  job = local.newJob();
  otherJob = local.newJob();
});

/** Runs a section with the files, the token and the jobs that the page requires. Resolves with what it printed. */
const run = async ({ script }: Section, scope: string, more: Readonly<Record<string, string>>): Promise<string> => {
  const { stack } = local;
  const env = {
    API: stack.apiUrl,
    TOKEN: await stack.token({ sub: "somebody", scope }),
    JOB: job,
    OTHER_JOB: otherJob,
    BUCKET: stack.bucketName,
    AWS: findProgram("aws") ?? "",
    S3: stack.s3.url,
    AWS_ACCESS_KEY_ID: stack.operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stack.operator.secretAccessKey,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    S3_PROVIDER: "Other",
    RCLONE_CONFIG_MEDIA_ENDPOINT: stack.s3.url,
    ...more,
  };
  await using folder = await makeFolder();
  await writeFile(folder.file("lecture.mp4"), LARGE);
  await writeFile(folder.file("small.mp4"), SMALL);
  return await runProgram("/bin/bash", ["-euo", "pipefail", "-c", `${LOCAL_AWS}\n${script}`], {
    env,
    cwd: folder.path,
  });
};

/** What cielo24 took for both jobs, once everything is delivered. */
const taken = async (): Promise<{ job: string[]; otherJob: string[] }> => {
  await local.finish();
  const of = (jobId: string) => local.taken(jobId).map((each) => each.sha256);
  return { job: of(job), otherJob: of(otherJob) };
};
const small = sha256(SMALL);
const large = sha256(LARGE);
const metadata = () => local.cielo24.metadata.filter((each) => each.jobId === job);

/** What must be true after the commands of a section. A section without one fails. */
type Proof = () => Promise<void> | void;
const takes =
  (expected: { job: string[]; otherJob?: string[] }): Proof =>
  async () => {
    expect(await taken()).toEqual({ otherJob: [], ...expected });
  };

const proveSections = (
  page: string,
  scope: string,
  proofs: Readonly<Record<string, Proof>>,
  more: () => Readonly<Record<string, string>> = () => ({}),
) => {
  const sections = readSections(page);

  it("has a proof for every section with commands", () => {
    expect(sections.map(({ title }) => title).sort()).toEqual(Object.keys(proofs).sort());
  });

  it.each(sections)("does what it says: $title", async (section) => {
    const printed = await run(section, scope, more());
    for (const line of section.printed) expect(printed).toMatch(line);
    await proofs[section.title]?.();
  });
};

describeWith("curl")("docs/clients/curl.md", () => {
  proveSections("curl.md", "media.write media.read metadata.write", {
    "Upload a file of up to 5 GB": takes({ job: [large] }),
    "Upload a file in parts": takes({ job: [large] }),
    "Send a file of up to 4 MiB directly": takes({ job: [small] }),
    "Let cielo24 fetch a URL": takes({ job: [small] }),
    "Set a job's metadata": () => {
      const set = { jobId: job, referenceId: "course 7+1", requestorId: "lecturer-1" };
      expect(metadata()).toEqual([set, set]);
    },
    "Be told what is wrong": takes({ job: [] }),
  });
});

describeWith("curl")("docs/clients/README.md", () => {
  let page: UploadPage;
  beforeAll(async () => {
    page = await startUploadPage(local.stack);
  });
  afterAll(() => page.close());

  proveSections("README.md", "media.write", { "Try them": takes({ job: [] }) }, () => ({ PAGE: page.url }));
});

describeWith("aws", "rclone")("docs/clients/aws-s3.md", () => {
  proveSections("aws-s3.md", "admin", {
    "Drop one file": takes({ job: [large], otherJob: [large] }),
    "Drop a folder of jobs": takes({ job: [large], otherJob: [small] }),
    "Write elsewhere, then move in": takes({ job: [large] }),
    "Drop with rclone": takes({ job: [large] }),
    "See what became of it": takes({ job: [small] }),
  });
});
