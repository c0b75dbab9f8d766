import { createDynamoOwners } from "../../lib/delivery/aws/table.ts";
import { recordedOwner } from "../../lib/delivery/owner.ts";
import { confirm, type ConfirmOptions } from "../confirm.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { OpsError, usageError } from "../outcome.ts";
import { note, print } from "../print.ts";
import type { Stage } from "../stage.ts";

export interface OwnerOptions extends CommandOptions, ConfirmOptions {
  readonly set?: string;
  readonly clear?: boolean;
}

/** `ops owner`: whose job it is, and another owner in place of the wrong one. @returns the exit code */
export const owner =
  (jobId: string) =>
  async (context: Context, stage: Stage, options: OwnerOptions): Promise<number> => {
    const job = readJobId(jobId);
    const { set, clear = false } = options;
    if (set !== undefined && clear) throw usageError("Give --set or --clear, not both.");
    if (set?.trim() === "") throw usageError("--set names no owner.");
    const owners = createDynamoOwners({ client: stage.dynamodb, tableName: stage.outputs.DeliveryTableName });
    const before = await owners.ownerOf(job);
    const wanted = set === undefined ? undefined : recordedOwner(job, set);
    const tell = (now: string | undefined, text: string) =>
      print(context, options, {
        outcome: "done",
        text: [text],
        document: { stage: stage.name, jobId: job, owner: now, ...(set === undefined && !clear ? {} : { before }) },
      });
    if (set === undefined && !clear) return tell(before, `Job ${job} ${belongs(before)}.`);
    if (before === wanted) return tell(before, `Job ${job} ${belongs(before)} already: nothing was done.`);

    note(context, `Job ${job} ${belongs(before)}.`);
    note(
      context,
      `From now on it ${belongs(wanted)}. The delivery is not touched; the API shows it to its owner alone.`,
    );
    await confirm(context, { ...options, stage: stage.name, plan: [] });
    const after = await change(owners, job, { before, wanted });
    if (after === wanted) return tell(after, `Job ${job} ${belongs(after)} now.`);
    throw new OpsError(
      "refused",
      "OWNER_CHANGED",
      `Somebody was faster: job ${job} ${belongs(after)} by now, and nothing was done.`,
      "Look at it again, and repeat the command if it is still wanted.",
    );
  };

/** @returns the owner afterwards */
const change = async (
  owners: ReturnType<typeof createDynamoOwners>,
  job: string,
  { before, wanted }: { readonly before: string | undefined; readonly wanted: string | undefined },
): Promise<string | undefined> => {
  if (before === undefined) return wanted === undefined ? undefined : owners.bind(job, wanted);
  const to = wanted === undefined ? {} : { to: wanted };
  if ((await owners.changeOwner(job, { from: before, ...to })) === "written") return wanted;
  // Refused, or done by a call whose response was lost.
  return owners.ownerOf(job);
};

const belongs = (owner: string | undefined): string =>
  owner === undefined ? "belongs to nobody: the next owner that uses it gets it" : `belongs to ${owner}`;
