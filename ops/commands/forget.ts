import { createDynamoLedger, createDynamoOwners } from "../../lib/delivery/aws/table.ts";
import { isOpen } from "../../lib/delivery/machine/open.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { mayBeAccepted } from "../../lib/delivery/machine/transitions.ts";
import { hashOwner, isHashed } from "../../lib/delivery/owner.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { readRow } from "../ledger.ts";
import { OpsError } from "../outcome.ts";
import { note, print } from "../print.ts";
import type { Stage } from "../stage.ts";
import { forget as leaveTombstone } from "../tombstone.ts";
import {
  abortUpload,
  deleteVersions,
  listPartialUploads,
  listVersions,
  type PartialUpload,
  type Version,
} from "../versions.ts";

export interface ForgetOptions extends CommandOptions, ConfirmOptions {}

/** What a stage has of a job. */
interface Found {
  readonly row: Row | undefined;
  readonly owner: string | undefined;
  readonly versions: readonly Version[];
  readonly uploads: readonly PartialUpload[];
}

/**
 * `ops forget`: deletes a job's media, and what is known of it and its owner, and leaves a tombstone. The tombstone comes
 * first, under the fence that was seen: from then on nothing can be sent of what is being deleted.
 *
 * @returns the exit code
 */
export const forget =
  (jobId: string) =>
  async (context: Context, stage: Stage, options: ForgetOptions): Promise<number> => {
    const job = readJobId(jobId);
    const found = await find(stage, job);
    if (found.row) demandEnd(found.row);
    const elsewhere = tellElsewhere(job, found.row);
    const document = {
      stage: stage.name,
      jobId: job,
      state: found.row?.state,
      cielo24: { JobId: job, TaskId: found.row?.taskId, mayHaveMedia: mayHaveMedia(found.row) },
    };
    if (isNothing(found))
      return print(context, options, {
        outcome: "done",
        text: [`Nothing is known of the job ${job}, or it was forgotten already.`, ...elsewhere],
        document: { ...document, deleted: count([], []) },
      });
    for (const line of [...describe(job, found), ...elsewhere]) note(context, line);
    await confirm(context, { ...options, stage: stage.name, plan: [] });

    await forgetRow(context, stage, found.row);
    await forgetOwner(stage, job, found.owner);
    await deleteMedia(stage, found);
    const deleted = count(found.versions, found.uploads);
    const left = await findMedia(stage, job, found.row);
    if (left.versions.length + left.uploads.length > 0)
      throw new OpsError(
        "failed",
        "MEDIA_LEFT",
        `${left.versions.length} versions and ${left.uploads.length} uploads came meanwhile, and are still there.`,
        "Run it again.",
      );
    return print(context, options, {
      outcome: "done",
      text: [
        `Forgot job ${job}: deleted ${deleted.versions} versions (${deleted.bytes} bytes), ${deleted.deleteMarkers} delete markers and ${deleted.uploads} unfinished uploads.`,
        ...elsewhere,
      ],
      document: { ...document, deleted },
    });
  };

const find = async (stage: Stage, job: string): Promise<Found> => {
  const row = await readRow(stage, job);
  const owner = await ownersOf(stage).ownerOf(job);
  return { row, owner, ...(await findMedia(stage, job, row)) };
};

const ownersOf = ({ dynamodb, outputs }: Stage) =>
  createDynamoOwners({ client: dynamodb, tableName: outputs.DeliveryTableName });

/** Everything under the job's folder, in the ways in which its id is usually spelt, and in that of the row's own object. */
const findMedia = async (
  stage: Stage,
  job: string,
  row: Row | undefined,
): Promise<Pick<Found, "versions" | "uploads">> => {
  const hyphenated = job.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const [, itsOwn] = /^media\/([^/]+)\//.exec(row?.media?.key ?? "") ?? [];
  const spellings = [job, job.toUpperCase(), hyphenated, hyphenated.toUpperCase(), ...(itsOwn ? [itsOwn] : [])];
  const versions: Version[] = [];
  const uploads: PartialUpload[] = [];
  for (const spelling of new Set(spellings)) {
    const prefix = `media/${spelling}/`;
    for await (const page of listVersions(stage, prefix)) versions.push(...page);
    uploads.push(...(await listPartialUploads(stage, prefix)));
  }
  return { versions, uploads };
};

/** @throws {OpsError} if something may still happen to the row */
const demandEnd = (row: Row): void => {
  const { jobId, state, closed } = row;
  if (state === "NEEDS_REVIEW" && !closed)
    throw new OpsError(
      "refused",
      "DELIVERY_IN_REVIEW",
      `The job ${jobId} waits for a person, who would have nothing left to decide by.`,
      "Decide first: `resolve` with delivered or close.",
    );
  if (!isOpen(row)) return;
  const canCancel = state === "UPLOADING" || (state === "SENDING" && !row.everUnknown);
  throw new OpsError(
    "refused",
    "DELIVERY_UNDER_WAY",
    `The job ${jobId} is ${state}: its delivery is under way.`,
    canCancel
      ? "Cancel it first, as its owner or an admin: DELETE /api/job/delivery. Or wait for its end."
      : "Wait for its end, which `show` tells.",
  );
};

const isNothing = ({ row, owner, versions, uploads }: Found): boolean =>
  (row === undefined || row.forgottenAt !== undefined) &&
  (owner === undefined || isHashed(owner)) &&
  versions.length + uploads.length === 0;

const describe = (job: string, { row, owner, versions, uploads }: Found): string[] => {
  const { versions: number, bytes, deleteMarkers, uploads: parts } = count(versions, uploads);
  return [
    `Job ${job}${row ? `: ${row.state}` : ", of which the ledger has no row"}`,
    `  to delete  ${number} versions (${bytes} bytes), ${deleteMarkers} delete markers, ${parts} unfinished uploads`,
    ...(row ? ["  the row    keeps job, state, fence and digests of the media, so that nothing is sent again"] : []),
    ...(owner === undefined ? [] : ["  its owner  becomes a hash, which only the owner's own token matches"]),
  ];
};

const count = (versions: readonly Version[], uploads: readonly PartialUpload[]) => ({
  versions: versions.filter(({ isMarker }) => !isMarker).length,
  bytes: versions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  deleteMarkers: versions.filter(({ isMarker }) => isMarker).length,
  uploads: uploads.length,
});

const mayHaveMedia = (row: Row | undefined): boolean =>
  row?.state === "DELIVERED" || (row?.state === "NEEDS_REVIEW" && mayBeAccepted(row));

/** What this command cannot delete. */
const tellElsewhere = (job: string, row: Row | undefined): string[] => {
  const task = row?.taskId === undefined ? "" : `, TaskId ${row.taskId}`;
  return [
    "Not deleted by this:",
    mayHaveMedia(row)
      ? `  cielo24    has the media${row?.state === "DELIVERED" ? "" : " perhaps"}: delete job ${job}${task} there`
      : `  cielo24    has no media from here, but the job ${job}`,
    "  logs       have job ids, and no names, until they expire",
    "  messages   in the queues have keys, for up to 14 days",
    "  the table  can be restored as it was, for 35 days; subscribers of the event bus keep what they keep",
  ];
};

const forgetRow = async ({ clock }: Context, { dynamodb, outputs }: Stage, row: Row | undefined): Promise<void> => {
  if (row === undefined || row.forgottenAt !== undefined) return;
  const ledger = createDynamoLedger({ client: dynamodb, tableName: outputs.DeliveryTableName });
  const written = await ledger.write(row.jobId, leaveTombstone(row, { now: clock() }));
  if (written === "written") return;
  const after = await ledger.read(row.jobId);
  // Refused, or done by a call whose response was lost.
  if (after?.forgottenAt !== undefined && after.fence === row.fence + 1) return;
  throw new OpsError(
    "refused",
    "ROW_CHANGED",
    `The job ${row.jobId} has changed meanwhile, and is ${after?.state ?? "gone"} now: nothing was deleted.`,
    "Look at it, and run it again.",
  );
};

const forgetOwner = async (stage: Stage, job: string, owner: string | undefined): Promise<void> => {
  if (owner === undefined || isHashed(owner)) return;
  const owners = ownersOf(stage);
  const to = hashOwner(job, owner);
  if ((await owners.changeOwner(job, { from: owner, to })) === "written" || (await owners.ownerOf(job)) === to) return;
  throw new OpsError(
    "refused",
    "OWNER_CHANGED",
    `The owner of job ${job} has changed meanwhile, and its media was not deleted.`,
    "Run it again.",
  );
};

const deleteMedia = async (stage: Stage, { versions, uploads }: Found): Promise<void> => {
  const refused = await deleteVersions(stage, versions);
  for (const upload of uploads) await abortUpload(stage, upload);
  if (refused.size === 0) return;
  throw new OpsError(
    "failed",
    "NOT_DELETED",
    `S3 does not delete ${refused.size} objects: ${[...new Set(refused.values())].join(", ")}.`,
    "Their bucket policy or a retention forbids it. Once that is lifted, run it again.",
  );
};
