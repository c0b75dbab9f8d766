import { formatBytes } from "../../client/words.ts";
import { shownState } from "../../lib/http/show-delivery.ts";
import type { Row } from "../../lib/delivery/machine/row.ts";
import { objectId } from "../../lib/media/key.ts";
import type { CommandOptions, Context } from "../context.ts";
import { readJobId } from "../job-id.ts";
import { readOwners, readRow } from "../ledger.ts";
import { formatLine } from "../log-line.ts";
import { aboutJob, readLog } from "../log.ts";
import { opsCommand } from "../next-command.ts";
import { explainRow, nextStep, nextStepWithoutRow } from "../next-step.ts";
import type { Outcome } from "../outcome.ts";
import { alignColumns, print } from "../print.ts";
import { DAY_MS, formatTime } from "../quantities.ts";
import type { Stage } from "../stage.ts";
import { listPartialUploads, listVersions, type Version } from "../versions.ts";

export interface ShowOptions extends CommandOptions {
  readonly since?: number;
}

/** Of a job without a row, and before the first time on a row. */
const DEFAULT_SINCE_MS = 14 * DAY_MS;

/** `ops show`: all that a stage knows about a job, and what to do next. @returns the exit code */
export const show =
  (jobText: string) =>
  async (context: Context, stage: Stage, options: ShowOptions): Promise<number> => {
    const jobId = readJobId(jobText);
    const now = context.clock();
    const [row, owners, versions, uploads] = await Promise.all([
      readRow(stage, jobId),
      readOwners(stage, [jobId]),
      readVersions(stage, jobId),
      listPartialUploads(stage, `media/${jobId}/`),
    ]);
    const since = options.since === undefined ? firstTime(row, versions, now) : now - options.since;
    const lines = await readLog(stage, { since, pattern: aboutJob(jobId) });
    const owner = owners.get(jobId);
    const keys = versions.filter(({ isLatest, isMarker }) => isLatest && !isMarker).map(({ key }) => key);
    const next = row ? nextStep(row, now) : nextStepWithoutRow(jobId, stage.outputs.MediaBucketName, keys);
    const commands = next.commands.map((words) => opsCommand(context, options, words));
    const isKnown = row !== undefined || owner !== undefined || versions.length + uploads.length + lines.length > 0;
    const outcome: Outcome = isKnown ? "done" : "refused";

    const described = versions.map((version) => ({ ...version, is: whatIs(version, row) }));
    const text = [
      `Job ${jobId} in ${stage.name}: ${row ? shownState(row) : "no row"}`,
      ...alignColumns([["owner", owner ?? "none on record"], ...(row ? explainRow(row, now) : [])]).map(indent),
      ...section("Objects in the bucket", showVersions(described)),
      ...section(
        "Uploads in parts that have not ended",
        uploads.map(({ key }) => key),
      ),
      ...section(
        `Log since ${formatTime(since)} UTC`,
        lines.map((line) => formatLine(line, false)),
      ),
      ...section("Next", [next.text, ...commands.map(indent), ...(next.docs ? [`More: ${next.docs}`] : [])]),
    ];
    const document = {
      stage: stage.name,
      jobId,
      state: row && shownState(row),
      owner,
      row: row && withoutSecrets(row),
      objects: described.map(({ writtenAt, ...version }) => ({ ...version, writtenAt: timeOf(writtenAt) })),
      uploads,
      log: lines.map(({ at, functionName, fields, text: line }) => ({
        at: timeOf(at),
        functionName,
        ...(Object.keys(fields).length > 0 ? { fields } : { text: line }),
      })),
      next: { text: next.text, docs: next.docs, commands },
    };
    return print(context, options, { outcome, text, document });
  };

const indent = (line: string): string => `  ${line}`;

const section = (title: string, lines: readonly string[]): string[] => [
  "",
  title,
  ...(lines.length === 0 ? ["none"] : lines).map(indent),
];

const readVersions = async (stage: Stage, jobId: string): Promise<Version[]> => {
  const versions: Version[] = [];
  for await (const page of listVersions(stage, `media/${jobId}/`)) versions.push(...page);
  return versions.sort((a, b) => a.writtenAt - b.writtenAt);
};

/** A minute before the first thing that is known of the job: clocks differ. */
const firstTime = (row: Row | undefined, versions: readonly Version[], now: number): number => {
  const times = [row?.signedAt, row?.droppedAt, row?.cancelledAt, ...versions.map(({ writtenAt }) => writtenAt)];
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? now - DEFAULT_SINCE_MS : Math.min(...known) - 60_000;
};

/** What a version is to the job. */
const whatIs = ({ key, versionId, isMarker }: Version, row: Row | undefined): string => {
  if (isMarker) return "deleted then";
  const id = objectId(key, versionId);
  if (row?.media?.id === id) return "the job's media";
  if (row?.rejected?.includes(id)) return "rejected";
  if (row?.conflicts?.includes(id)) return "came when the job had its media";
  return row?.sidecars?.includes(id) ? "a file beside the media" : "not on the row";
};

const showVersions = (versions: readonly (Version & { readonly is: string })[]): string[] =>
  alignColumns(
    versions.map(({ key, versionId, isMarker, sizeBytes, writtenAt, is }) => [
      formatTime(writtenAt),
      isMarker ? "-" : formatBytes(sizeBytes),
      is,
      versionId,
      key,
    ]),
  );

/** Names of claims prove them, and the capability opens the media. */
const SECRETS: ReadonlySet<string> = new Set<keyof Row>(["claimId", "announcer", "capability"]);

const withoutSecrets = (row: Row) => Object.fromEntries(Object.entries(row).filter(([name]) => !SECRETS.has(name)));

const timeOf = (ms: number): string => new Date(ms).toISOString();
