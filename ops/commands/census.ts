import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { CensusReport, Finding, Undelivered } from "../../functions/census/census.ts";
import { parseJson } from "../../lib/json.ts";
import type { CommandOptions, Context } from "../context.ts";
import { OpsError } from "../outcome.ts";
import { alignColumns, note, print } from "../print.ts";
import { formatDuration } from "../quantities.ts";
import type { Stage } from "../stage.ts";

/** The longest that Lambda runs a function. */
const LONGEST_RUN_MS = 900_000;

/** `ops census`: compares bucket, ledger and queue now, and tells what was found. @returns the exit code */
export const census = async (context: Context, stage: Stage, options: CommandOptions): Promise<number> => {
  note(context, "The census runs. With millions of objects in the bucket it takes minutes.");
  const { FunctionError, Payload } = await stage.lambda.send(
    new InvokeCommand({ FunctionName: stage.functionName("census"), Payload: Buffer.from("{}") }),
    { requestTimeout: LONGEST_RUN_MS, abortSignal: context.interruptible() },
  );
  const answer = parseJson(Buffer.from(Payload ?? []).toString());
  if (FunctionError !== undefined)
    throw new OpsError(
      "failed",
      "CENSUS_FAILED",
      `The census has failed: ${(answer as { errorMessage?: string } | undefined)?.errorMessage ?? FunctionError}`,
      "What has happened is in the log of the function.",
    );
  const report = answer as CensusReport;
  const isWell = report.requeued + report.failed + report.notShown + report.undelivered.length === 0;
  const document = { stage: stage.name, report };
  return print(context, options, {
    outcome: isWell ? "done" : "found_wrong",
    text: tell(report, context.clock()),
    document,
  });
};

const tell = (report: CensusReport, now: number): string[] => {
  const { objects, compared, requeued, failed, sampled, notShown, findings, undelivered } = report;
  return [
    `Objects in the bucket: ${objects}. Compared with the ledger, open rows included: ${compared}.`,
    `Put back into the queue: ${requeued}${failed === 0 ? "" : `, and ${failed} that the queue refused`}.`,
    `Deliveries that cielo24 was asked about: ${sampled}. Those of which it shows no media: ${notShown}.`,
    ...table(
      "Put back",
      findings.map(({ why, jobId, object, dueAt }: Finding) => [
        jobId,
        why,
        formatDuration(now - dueAt),
        object?.key ?? "",
      ]),
      ["JOB", "WHY", "DUE FOR", "KEY"],
    ),
    ...table(
      "Not delivered, of those that have their turn in this run",
      undelivered.map(({ jobId, state, reason, object }: Undelivered) => [
        jobId ?? "-",
        state ?? "-",
        reason,
        object.key,
      ]),
      ["JOB", "STATE", "WHY", "KEY"],
    ),
  ];
};

const table = (title: string, rows: readonly (readonly string[])[], head: readonly string[]): string[] =>
  rows.length === 0 ? [] : ["", `${title}:`, ...alignColumns([head, ...rows])];
