import type { Row } from "../../lib/delivery/machine/row.ts";
import { capabilityUrl } from "../../lib/media/key.ts";
import type { Context } from "../context.ts";
import { listOpen, readRow, readRows } from "../ledger.ts";
import type { Stage } from "../stage.ts";
import { ask } from "./ask.ts";
import { failed, ok, skipped, type Check, type Finding } from "./check.ts";

const NOTHING_TO_PULL =
  "no object is handed over at present: run it while cielo24 may pull one (deliveryMode auto hands over what takes too long to send, url everything); `list --state FINALIZING` shows the candidates";

const LOOK = "docs/operations.md#media-url-refused says where to look; `show` lists the versions there are.";

/**
 * What the API makes of the length that media-source gives to HEAD. It records nothing: only a GET counts as a pull. The URL
 * is a secret, so no text may have it.
 */
export const HEAD_CHECK: Check = {
  name: "head",
  look: async (stage, { clock }: Context): Promise<Finding> => {
    const rows = await readRows(stage, await listOpen(stage));
    // The largest one tells most.
    const [row] = rows.filter((each) => isPullable(each, clock())).sort((a, b) => sizeOf(b) - sizeOf(a));
    if (!row) return skipped(NOTHING_TO_PULL);
    const url = capabilityUrl(stage.outputs.HttpApiUrl, row);
    const { status, headers } = await ask(url, { method: "HEAD", redirect: "manual" });
    if (status !== 200 && !(await isStillHandedOver(stage, row, clock)))
      return skipped("the hand-over has ended meanwhile: run it again");
    return judgeHead({ jobId: row.jobId, sizeBytes: sizeOf(row), status, length: headers.get("content-length") });
  },
};

/** Whether media-source serves it, and its size is known. */
const isPullable = ({ state, capability, capabilityUntil = 0, media, sizeBytes }: Row, now: number): boolean =>
  state === "FINALIZING" &&
  capability !== undefined &&
  now < capabilityUntil &&
  media?.key !== undefined &&
  media.versionId !== undefined &&
  sizeBytes !== undefined;

const sizeOf = ({ sizeBytes = 0 }: Row): number => sizeBytes;

const isStillHandedOver = async (
  stage: Stage,
  { jobId, capability }: Row,
  clock: Context["clock"],
): Promise<boolean> => {
  const row = await readRow(stage, jobId);
  return row !== undefined && row.capability === capability && isPullable(row, clock());
};

/** Whether cielo24 is told the size that the object has. */
export const judgeHead = ({
  jobId,
  sizeBytes,
  status,
  length,
}: {
  readonly jobId: string;
  readonly sizeBytes: number;
  readonly status: number;
  readonly length: string | null;
}): Finding => {
  const of = `HEAD of the handed-over object of job ${jobId}`;
  if (status === 404)
    return failed(`${of} is answered with 404: its version is gone, or media-source may not read it.`, LOOK);
  if (status !== 200) return failed(`${of} is answered with ${status}.`, LOOK);
  return length === String(sizeBytes)
    ? ok(`${of} tells its ${sizeBytes} bytes as content-length`)
    : failed(
        `${of} has ${length === null ? "no content-length" : `content-length ${length}`}, and the object has ${sizeBytes} bytes.`,
        "If cielo24 does not pull for that, set deliveryMode: stream and deploy; and report it to this project, which assumes that the API passes it on.",
      );
};
