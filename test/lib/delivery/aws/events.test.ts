import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { connectEvents } from "../../../../lib/delivery/aws/events.ts";
import type { Row } from "../../../../lib/delivery/machine/row.ts";
import { useStack } from "../../../harness/stack.ts";

const JOB = "0123456789abcdef0123456789abcdef";
const ROW: Row = {
  jobId: JOB,
  state: "DELIVERED",
  fence: 2,
  media: { id: "object:a", kind: "object", key: `media/${JOB}/a.mp4`, versionId: "v1" },
  updatedAt: 1,
};
const ARRIVED = { id: "object:b", kind: "object", key: `media/${JOB}/b.mp4`, versionId: "v2" } as const;

describe("an event on the bus", () => {
  const local = useStack();
  const publisher = () => connectEvents({ env: local.stack.env });
  const last = () => local.stack.events.at(-1);

  it("tells of an end what a look at the bytes showed", async () => {
    const concern = { type: "NO_AUDIO", comment: "There is no audio track." };
    await publisher().announce({
      ...ROW,
      look: { container: "MP4", durationS: 2_880.5, audioTracks: 0, videoTracks: 1, concern },
    });
    expect(last()).toMatchObject({
      detailType: "Media Delivered",
      detail: {
        JobId: JOB,
        State: "DELIVERED",
        Container: "MP4",
        DurationSeconds: 2_880.5,
        AudioTracks: 0,
        VideoTracks: 1,
        Concern: { ErrorType: "NO_AUDIO", ErrorComment: "There is no audio track." },
      },
    });
  });

  it("says nothing of what nobody has looked at", async () => {
    await publisher().announce(ROW);
    expect(Object.keys(last()?.detail ?? {}).sort()).toEqual(
      ["Fence", "JobId", "Key", "MediaId", "SafeKey", "State", "VersionId", "Via"].sort(),
    );
  });

  it.each(["other", "unknown"] as const)(
    "names both objects of a conflict, and how sure it is: %s",
    async (sameness) => {
      await publisher().announceConflict({ row: ROW, media: ARRIVED, sameness, sizeBytes: 7 });
      expect(last()).toMatchObject({
        source: "cielo24-proxy",
        detailType: "Media Conflict",
        detail: {
          JobId: JOB,
          State: "DELIVERED",
          Key: ARRIVED.key,
          VersionId: "v2",
          SizeBytes: 7,
          Sameness: sameness.toUpperCase(),
          MediaKey: ROW.media?.key,
          MediaVersionId: "v1",
        },
      });
    },
  );

  it("has each key in a form that is safe in any text", async () => {
    await publisher().announceQuarantined({ key: `media/x/ü "'$(rm)<\\n%41\n.mp4`, versionId: "v" });
    expect(last()?.detail).toEqual({
      Key: `media/x/ü "'$(rm)<\\n%41\n.mp4`,
      SafeKey: "media/x/%C3%BC%20%22%27%24%28rm%29%3C%5Cn%2541%0A.mp4",
      VersionId: "v",
    });
  });

  it.each([
    ["UPLOAD", { id: "object:a", kind: "object", key: `media/${JOB}/${"e".repeat(32)}/a.mp4` }],
    ["DROP", { id: "object:a", kind: "object", key: `media/${JOB}/a/b.mp4` }],
    ["CALL", { id: "url:a", kind: "url" }],
  ] as const)("says how the media came: %s", async (via, media) => {
    await publisher().announce({ ...ROW, media });
    expect(last()?.detail["Via"]).toBe(via);
  });

  it("names the sidecar that came alone", async () => {
    await publisher().announceMissing({ jobId: JOB, media: ARRIVED });
    expect(last()).toMatchObject({
      detailType: "Media Missing",
      detail: { JobId: JOB, Key: ARRIVED.key, VersionId: "v2", Reason: { ErrorType: "MEDIA_MISSING" } },
    });
  });

  it("is not out where the bus refuses it", async () => {
    local.stack.eventBus.refuseNext(2);
    const { announceConflict, announceMissing } = publisher();
    await expect(announceConflict({ row: ROW, media: ARRIVED, sameness: "other" })).rejects.toThrow();
    await expect(announceMissing({ jobId: JOB, media: ARRIVED })).rejects.toThrow();
  });
});

describe("docs/events.md", () => {
  const local = useStack();
  const page = readFileSync("docs/events.md", "utf8");
  const shown = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, json = ""]) => JSON.parse(json) as { "detail-type": string; detail: Readonly<Record<string, unknown>> },
  );
  const fieldsShown = (detailType: string) =>
    Object.keys(shown.find((event) => event["detail-type"] === detailType)?.detail ?? {}).sort();

  const REASON = { type: "CIELO24_UNAVAILABLE", comment: "cielo24 is down." };
  const WHOLE: Row = {
    ...ROW,
    taskId: "t",
    sizeBytes: 7,
    sha256: "0",
    claims: 1,
    bytesInVain: 36,
    waiting: REASON,
    look: { container: "MP4", durationS: 1, audioTracks: 1, videoTracks: 1 },
  };

  it.each<[string, (publisher: ReturnType<typeof connectEvents>) => Promise<void>]>([
    ["Media Delivered", ({ announce }) => announce(WHOLE)],
    ["Media Delayed", ({ announceDelay }) => announceDelay({ ...WHOLE, state: "SENDING" })],
    [
      "Media Conflict",
      ({ announceConflict }) => announceConflict({ row: WHOLE, media: ARRIVED, sameness: "other", sizeBytes: 7 }),
    ],
    ["Media Missing", ({ announceMissing }) => announceMissing({ jobId: JOB, media: ARRIVED })],
    ["Media Quarantined", ({ announceQuarantined }) => announceQuarantined({ key: "media/a.mp4", versionId: "v" })],
  ])("shows %s with the fields that it has", async (detailType, publish) => {
    await publish(connectEvents({ env: local.stack.env }));
    const { detail = {} } = local.stack.events.findLast((event) => event.detailType === detailType) ?? {};
    expect(fieldsShown(detailType)).toEqual(Object.keys(detail).sort());
  });

  it("names every type of event, and every field of an end", async () => {
    for (const type of ["Delivered", "Rejected", "Needs Review", "Quarantined", "Delayed", "Conflict", "Missing"])
      expect(page).toContain(`\`Media ${type}\``);
    await connectEvents({ env: local.stack.env }).announce({
      ...WHOLE,
      state: "REJECTED",
      error: REASON,
      look: { concern: REASON },
    });
    const { detail = {} } = local.stack.events.at(-1) ?? {};
    for (const field of Object.keys(detail)) expect(page).toMatch(new RegExp(`[\`"]${field}[\`"]`));
  });
});
