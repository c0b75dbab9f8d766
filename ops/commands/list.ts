import type { Row, State } from "../../lib/delivery/machine/row.ts";
import type { CommandOptions, Context } from "../context.ts";
import { estimateScan, listOpen, readOwners, readRows, scanOwned, scanRows } from "../ledger.ts";
import { jobsOnceIn } from "../log.ts";
import { usageError } from "../outcome.ts";
import { alignColumns, note, print } from "../print.ts";
import { DAY_MS, formatDuration, formatTime } from "../quantities.ts";
import type { Stage } from "../stage.ts";

export interface ListOptions extends CommandOptions {
  readonly state?: string;
  readonly older?: number;
  readonly owner?: string;
  readonly since?: number;
  readonly scan?: boolean;
}

const OPEN = ["UPLOADING", "SENDING", "FINALIZING"] as const satisfies State[];
const STATES: readonly State[] = [...OPEN, "NEEDS_REVIEW", "REJECTED", "DELIVERED"];
const DEFAULT_STATES: readonly State[] = [...OPEN, "NEEDS_REVIEW"];
const DEFAULT_SINCE_MS = 14 * DAY_MS;

/** `ops list`: jobs by state, age and owner, the oldest first. @returns the exit code */
export const list = async (context: Context, stage: Stage, options: ListOptions): Promise<number> => {
  const states = readStates(options.state);
  if (states.includes("DELIVERED") && !options.scan)
    throw usageError(
      "DELIVERED rows are in no index, and there may be millions: add --scan, which reads the whole table.",
      "--state without DELIVERED needs no scan.",
    );
  const found = options.scan
    ? await scanFor(context, stage, states, options)
    : await lookUp(context, stage, states, options);
  const now = context.clock();
  const isWanted = (row: Row) => states.includes(row.state) && now - beganAt(row) >= (options.older ?? 0);
  const wanted = found.filter(isWanted).sort((a, b) => beganAt(a) - beganAt(b));
  const owners = await readOwners(
    stage,
    wanted.map(({ jobId }) => jobId),
  );
  const rows = wanted.filter(({ jobId }) => options.owner === undefined || owners.get(jobId) === options.owner);
  const document = { stage: stage.name, jobs: rows.map((row) => describe(row, owners.get(row.jobId), now)) };
  return print(context, options, { outcome: "done", text: showTable(rows, owners, now), document });
};

const readStates = (text: string | undefined): readonly State[] => {
  if (text === undefined) return DEFAULT_STATES;
  return text.split(",").map((word) => {
    const state = STATES.find((each) => each === word.trim().toUpperCase());
    if (state === undefined) throw usageError(`"${word}" is no state: those are ${STATES.join(", ")}.`);
    return state;
  });
};

/** From the index what is open, from the log what has ended. */
const lookUp = async (
  context: Context,
  stage: Stage,
  states: readonly State[],
  { since = DEFAULT_SINCE_MS }: ListOptions,
): Promise<Row[]> => {
  const jobs = new Set<string>();
  // The end of a row that nobody was told of is still in the index.
  for (const jobId of await listOpen(stage)) jobs.add(jobId);
  const from = context.clock() - since;
  for (const state of states.filter((each) => each === "NEEDS_REVIEW" || each === "REJECTED")) {
    for (const jobId of await jobsOnceIn(stage, { state, since: from })) jobs.add(jobId);
    note(context, `${state}: as the log says since ${formatTime(from)} UTC. Older ones: --since, or --scan.`);
  }
  return readRows(stage, [...jobs]);
};

const scanFor = async (
  context: Context,
  stage: Stage,
  states: readonly State[],
  { owner }: ListOptions,
): Promise<readonly Row[]> => {
  const { items, sizeBytes, readUnits } = await estimateScan(stage);
  const size = `${items} items, ${sizeBytes} bytes as of AWS's last look`;
  note(context, `Reads the whole table (${size}): some ${readUnits} read units. Ctrl-C ends it.`);
  const scanned = owner === undefined ? await scanRows(stage, states) : await scanOwned(stage, owner);
  note(context, `It took ${scanned.readUnits} read units.`);
  return scanned.rows;
};

/** When its media came, or was to come. */
const beganAt = ({ droppedAt, signedAt, updatedAt }: Row): number => droppedAt ?? signedAt ?? updatedAt;

/** When something is due again: of a row that waits, or whose outcome is not known yet. */
const nextAt = ({ state, notBefore, settledAt, leaseUntil }: Row): number | undefined => {
  if (state === "SENDING") return notBefore ?? leaseUntil;
  return state === "FINALIZING" ? (notBefore ?? settledAt) : undefined;
};

const describe = (row: Row, owner: string | undefined, now: number) => {
  const { jobId, state, waiting, error, media, taskId, fence, claims, updatedAt } = row;
  return {
    jobId,
    state,
    owner,
    ageS: Math.round((now - beganAt(row)) / 1000),
    since: new Date(beganAt(row)).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    nextAt: timeOf(nextAt(row)),
    waiting,
    error,
    attempts: claims,
    object: media?.id,
    key: media?.key,
    fence,
    taskId,
  };
};

const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

const showTable = (rows: readonly Row[], owners: ReadonlyMap<string, string>, now: number): string[] => {
  if (rows.length === 0) return ["No job."];
  const lines = rows.map((row) => [
    row.jobId,
    row.state,
    formatDuration(now - beganAt(row)),
    showNext(nextAt(row), now),
    owners.get(row.jobId) ?? "-",
    (row.error ?? row.waiting)?.type ?? row.taskId ?? "",
  ]);
  const count = rows.length === 1 ? "1 job" : `${rows.length} jobs`;
  return [...alignColumns([["JOB", "STATE", "AGE", "NEXT IN", "OWNER", "WHY"], ...lines]), "", count];
};

const showNext = (at: number | undefined, now: number): string => {
  if (at === undefined) return "-";
  return at <= now ? "now" : formatDuration(at - now);
};
