import { describe, expect, it } from "@jest/globals";
import { readNotices } from "../../../dev/stack/notices.ts";
import { useDrops } from "../../harness/drops.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const STAGE = { region: "eu-west-1", stage: "prod" };
const NAMES = { MediaBucket: "the-bucket" };

/** What a rule says of an event, by the template. */
const told = async (detailType: string, detail: Readonly<Record<string, unknown>>) => {
  const noticesOf = await readNotices(STAGE, NAMES);
  return noticesOf({ busName: "cielo24-proxy-local", source: "cielo24-proxy", detailType, detail });
};

describe("what the template's rules tell", () => {
  it("wakes somebody for a job in review, with job, reason, the next command and a link to its life", async () => {
    const [notice, ...others] = await told("Media Needs Review", { JobId: JOB, Error: { ErrorType: "GAVE_UP" } });
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ rule: "MediaNeedsReview", wakes: true });
    expect(notice?.lines).toEqual([
      `Job ${JOB} (cielo24-proxy-prod) waits for a person, because of GAVE_UP.`,
      expect.stringContaining("docs/operations.md#needs-review"),
      `npx cielo24-proxy ops show ${JOB} --stage prod --region eu-west-1`,
      expect.stringMatching(`^What has happened to it: https://console.aws.amazon.com/\\S+eu-west-1\\S+${JOB}\\S+$`),
    ]);
  });

  it.each([
    ["Media Rejected", { JobId: JOB, Via: "UPLOAD", Error: { ErrorType: "NOT_MEDIA" } }],
    ["Media Rejected", { JobId: JOB, Via: "DROP", Error: { ErrorType: "WITHDRAWN" } }],
    ["Media Conflict", { JobId: JOB, Sameness: "UNKNOWN" }],
    ["Media Delivered", { JobId: JOB, Via: "DROP" }],
  ])("says nothing of %s where nobody has to do anything: %j", async (detailType, detail) => {
    expect(await told(detailType, detail)).toEqual([]);
  });

  it.each([
    ["Media Rejected", { Via: "DROP", Error: { ErrorType: "NOT_MEDIA" } }],
    ["Media Conflict", { Sameness: "OTHER", State: "DELIVERED" }],
    ["Media Delayed", { Reason: { ErrorType: "CIELO24_UNAVAILABLE" }, BytesCarriedInVain: 9, SizeBytes: 1 }],
  ])("names the job of %s without waking anybody", async (detailType, detail) => {
    const [notice, ...others] = await told(detailType, { JobId: JOB, SafeKey: "media/a%20b", ...detail });
    expect([notice?.wakes, others]).toEqual([false, []]);
    expect(notice?.lines.join("\n")).toContain(`ops show ${JOB} --stage prod --region eu-west-1`);
  });

  it("is lost where something is inserted that is no safe text, as on AWS", async () => {
    expect(await told("Media Needs Review", { JobId: JOB, Error: { ErrorType: 'a "word"' } })).toEqual([]);
  });
});

describe("what the local stack is told", () => {
  const local = useDrops();

  it("names a quarantined object, whatever its key is, and how to get at it", async () => {
    const key = `media/no job/"ü"\n$(x)'.mp4`;
    local.send(local.event({ key, versionId: "v", sizeBytes: 1 }));
    await local.finish();
    const lines = local.stack.notices.at(-1)?.lines ?? [];
    expect(lines[0]).toBe(
      "The key of an object names no job (cielo24-proxy-local): media/no%20job/%22%C3%BC%22%0A%24%28x%29%27.mp4",
    );
    expect(decodeURIComponent(/^key=\$\(echo (\S+) \| python3 /.exec(lines[2] ?? "")?.[1] ?? "")).toBe(key);
    expect(lines[3]).toContain(`s3://${local.stack.bucketName}/`);
  });

  it("names the drop that was rejected, and not the upload whose client sees it", async () => {
    const job = local.newJob();
    const before = local.stack.notices.length;
    await local.drop(job, Buffer.alloc(0));
    await local.drop(local.newJob(), Buffer.alloc(0), `${"e".repeat(32)}/a.mp4`);
    await local.finish();
    expect(local.announced(job)).toEqual(["Media Rejected"]);
    expect(local.stack.notices.slice(before).map(({ rule }) => rule)).toEqual(["MediaRejected"]);
    expect(local.stack.notices.at(-1)?.lines[0]).toContain(job);
  });
});
