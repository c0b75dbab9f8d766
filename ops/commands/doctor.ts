import { ALARM_CHECKS } from "../checks/alarms.ts";
import { API_CHECKS } from "../checks/api.ts";
import { BUCKET_CHECKS } from "../checks/bucket.ts";
import { findingOfError, skipped, type Check, type Finding } from "../checks/check.ts";
import { CIELO24_CHECKS } from "../checks/cielo24.ts";
import { FUNCTION_CHECKS } from "../checks/functions.ts";
import { HEAD_CHECK } from "../checks/head.ts";
import { IDENTITY_CHECK } from "../checks/identity.ts";
import { QUEUE_CHECKS } from "../checks/queue.ts";
import { TABLE_CHECKS } from "../checks/table.ts";
import type { CommandOptions, Context } from "../context.ts";
import { alignColumns, print } from "../print.ts";
import type { Stage } from "../stage.ts";

export interface DoctorOptions extends CommandOptions {
  readonly deep?: boolean;
}

const CHECKS: readonly Check[] = [
  IDENTITY_CHECK,
  ...CIELO24_CHECKS,
  ...API_CHECKS,
  HEAD_CHECK,
  ...BUCKET_CHECKS,
  ...QUEUE_CHECKS,
  ...TABLE_CHECKS,
  ...FUNCTION_CHECKS,
  ...ALARM_CHECKS,
];

/** `ops doctor`: whether a stage is as it should be, a line for each check. @returns the exit code */
export const doctor = async (context: Context, stage: Stage, options: DoctorOptions): Promise<number> => {
  const findings = await Promise.all(
    CHECKS.map(async (check) => ({ name: check.name, ...(await carryOut(check, context, stage, options)) })),
  );
  const wrong = findings.filter(({ is }) => is === "failed");
  const lines = alignColumns(findings.map(({ is, name, text }) => [is === "failed" ? "FAILED" : is, name, text]));
  const text = findings.flatMap((finding, at) => [
    lines[at] ?? "",
    ...(finding.is === "failed" ? [`          ${finding.next.replaceAll("<stage>", stage.name)}`] : []),
  ]);
  const passed = findings.filter(({ is }) => is === "ok").length;
  const summary = `${passed} ok, ${wrong.length} failed, ${findings.length - passed - wrong.length} skipped`;
  return print(context, options, {
    outcome: wrong.length === 0 ? "done" : "found_wrong",
    text: [...text, "", summary],
    document: { stage: stage.name, region: stage.region, checks: findings },
  });
};

const carryOut = async (
  { isOnlyOnAws, isDeep, look }: Check,
  context: Context,
  stage: Stage,
  { deep = false }: DoctorOptions,
): Promise<Finding> => {
  if (isOnlyOnAws && stage.isLocal) return skipped("only on AWS");
  if (isDeep && !deep) return skipped("sends much: only with --deep");
  return look(stage, context).catch(findingOfError);
};
