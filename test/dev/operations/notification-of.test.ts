import { expect, it } from "@jest/globals";
import { notificationOf } from "../../../dev/operations/notification-of.ts";
import { readNotices } from "../../../dev/stack/notices.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const AT = Date.UTC(2026, 10, 29, 12);

const notificationsOf = async (detailType: string, detail: Record<string, unknown>) => {
  const noticesOf = await readNotices({ region: "us-east-1", stage: "local" }, { MediaBucket: "media" });
  const event = { busName: "bus", source: "cielo24-proxy", detailType, detail };
  return noticesOf(event).map((notice) => notificationOf(notice, event, AT));
};

it("says what the template's rule says, with the commands apart, and without a link to the console", async () => {
  const detail = { JobId: JOB, State: "NEEDS_REVIEW", Error: { ErrorType: "GAVE_UP", ErrorComment: "…" } };
  const [told] = await notificationsOf("Media Needs Review", detail);
  expect(told).toMatchObject({ at: AT, title: "Media needs review", wakes: true, jobId: JOB });
  expect(told?.text).toMatch(
    /^Job 0123456789abcdef0123456789abcdef .* because of GAVE_UP\. .*operations\.md#needs-review/,
  );
  expect(told?.text).not.toContain("http");
  expect(told?.command).toBe(`npx cielo24-proxy ops show ${JOB} --stage local --region us-east-1`);
});

it("has all commands, in order, and no job if there is none", async () => {
  const [told] = await notificationsOf("Media Quarantined", { Key: "media/x/a b.mp4", SafeKey: "media/x/a%20b.mp4" });
  expect(told).toMatchObject({ title: "Media quarantined", wakes: false, jobId: undefined });
  expect(told?.command?.split("\n")).toEqual([
    expect.stringMatching(/^key=\$\(echo media\/x\/a%20b\.mp4 \|/),
    expect.stringMatching(/^aws s3 cp "s3:\/\/media\/\$key" /),
  ]);
});
