import { HELD_BYTES, type Cielo24, type EarlyConnection, type MediaTransfer } from "../cielo24/api.ts";
import { MediaReadError, openEarly, type EarlyBody, type MediaBody } from "../media/body.ts";
import type { MediaStore } from "../media/bucket.ts";
import type { MediaRef } from "../media/key.ts";
import type { Observability } from "../observability.ts";
import type { Runtime } from "../runtime.ts";
import { LedgerError, type Ledger } from "./ledger.ts";
import { start, step } from "./machine/machine.ts";
import type { Command, Conflict, Drop, Looked, MeasuredMedia, Outcome, Settings } from "./machine/protocol.ts";
import type { Row } from "./machine/row.ts";
import { recordLate, reportProgress } from "./machine/transitions.ts";
import { createPace } from "./machine/waits.ts";
import { hasBecomeLate, recordAnnounced, recordConflict, recordCostly, recordEnd } from "./metrics.ts";
import { asFailure, asReply } from "./reply.ts";

/** The runner of the delivery machine. Read it to see what each command does. */

export interface DeliveryPorts {
  readonly ledger: Ledger;
  readonly store: MediaStore;
  readonly cielo24: Cielo24;
  /** Publishes the event of a row's end; throws if the event is not out. */
  readonly announce: (row: Row) => Promise<void>;
  /** Publishes that an object came for a job that has its media; throws if the event is not out. */
  readonly announceConflict: (conflict: Conflict) => Promise<void>;
  /** Looks at an object's bytes before a job is spent on them. Never rejects; without it, all media is sent. */
  readonly look?: ((object: MeasuredMedia, observability: Observability) => Promise<Looked>) | undefined;
  /** Publishes that media is delayed and why; throws if the event is not out. */
  readonly announceDelay: (row: Row) => Promise<void>;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  readonly observability: Observability;
}

/** One run of the machine: what started it and what this invocation can do. */
export interface DeliveryRun {
  readonly drop: Drop;
  readonly settings: Settings;
  /** When the invocation ends. */
  readonly deadline: number;
  /** Kept back from the deadline for the last writes. */
  readonly marginMs: number;
  readonly idleTimeoutMs: number;
  /** A caller's own media: the URL for cielo24 to fetch, or the bytes. */
  readonly call?: { readonly mediaUrl: string; readonly isDuplicate: boolean } | { readonly bytes: Uint8Array };
  /** The capability URL for a row that is being handed over. */
  readonly capabilityUrl: (row: Row) => string;
}

export interface DeliveryEnd {
  readonly command: Extract<Command, { do: "acknowledge" | "later" }>;
  /** The TaskId that cielo24 gave in this run, on record or not. */
  readonly taskId: string | undefined;
}

/** How often progress is written to the ledger while sending. */
export const PROGRESS_INTERVAL_MS = 5_000;
/** How long a question to cielo24 may take. */
const QUESTION_MS = 30_000;

/**
 * Runs the delivery machine to its end: executes each command and tells the machine how it went. It decides nothing.
 * Returns only when every socket it opened is closed and every write has ended, since Lambda freezes whatever is still
 * open when it returns, and resumes it in a later invocation.
 */
export const deliver = async (run: DeliveryRun, ports: DeliveryPorts): Promise<DeliveryEnd> => {
  const { runtime, observability } = ports;
  observability.log.info("delivery is tried");
  const worker = createExecutor(run, ports);
  try {
    let { memory, command } = start(run.drop, run.settings);
    while (command.do !== "acknowledge" && command.do !== "later") {
      const outcome = await worker.execute(command);
      const now = runtime.clock();
      observability.log.debug("step", { outcome: outcome.type, reason: command.do });
      const input = { ...outcome, now, timeLeftMs: run.deadline - now, random: runtime.randomHex() };
      ({ memory, command } = step(memory, input));
    }
    recordEnd(command, observability);
    if (command.do === "later") await noteLate(command.row, ports);
    return { command, taskId: memory.fact?.taskId };
  } finally {
    await worker.close();
  }
};

/** Counts a drop as late once its time is over, though it may never be delivered. The row keeps that it was counted. */
const noteLate = async (row: Row | undefined, { ledger, runtime, observability }: DeliveryPorts): Promise<void> => {
  if (!row || !hasBecomeLate(row, runtime.clock())) return;
  // If it is not written, the next visit tries again: the count is only for people.
  const noted = await ledger.write(row.jobId, recordLate(row)).catch(() => "refused");
  if (noted === "written") observability.count("DropLate");
};

type CommandTo<Do extends Command["do"]> = Extract<Command, { do: Do }>;

const createExecutor = (run: DeliveryRun, ports: DeliveryPorts) => {
  const { ledger, store, cielo24, runtime, observability } = ports;
  const { call, settings, drop } = run;
  const { jobId } = drop;
  const callDeadline = run.deadline - run.marginMs;
  let transfer: MediaTransfer | undefined;
  /** What was begun before it was wanted. Whatever becomes of it, it has ended before the run does. */
  let ahead: { readonly inspected: Promise<Outcome>; readonly asked: Promise<Outcome> } | undefined;
  let connection: EarlyConnection | undefined;
  let opened: (EarlyBody & { readonly media: MediaRef }) | undefined;

  const execute = (command: Exclude<Command, DeliveryEnd["command"]>): Outcome | Promise<Outcome> => {
    switch (command.do) {
      case "read":
        if (command.ahead) askAhead(command.ahead);
        return unlessLedgerFails(async () => ({ type: "row", row: await ledger.read(jobId) }), { type: "unread" });
      case "write":
        if (command.opens) open(command.opens);
        return unlessLedgerFails(() => write(command), { type: "unwritten" });
      case "inspect":
        if (command.connects) connect();
        return (command.wasAhead ? ahead?.inspected : undefined) ?? inspect(command.media);
      case "ask":
        if (command.connects) connect();
        return ask(command);
      case "recheck":
        return recheck(command);
      case "compare":
        return compare(command);
      case "announceConflict":
        return publish(ports.announceConflict(command.conflict), () => {
          recordConflict(command.conflict, observability);
        });
      case "stream":
        return stream(command);
      case "finish":
        return finish();
      case "handOver":
        return handOver(command.row);
      case "abort":
        return abort().then(() => ({ type: "aborted" }));
      case "announce":
        return publish(ports.announce(command.row), () => {
          recordAnnounced(command.row, observability);
        });
    }
  };

  const write = async ({ write: made, isCostly, row }: CommandTo<"write">): Promise<Outcome> => {
    if ((await ledger.write(jobId, made)) === "refused") return { type: "unwritten" };
    if (isCostly && row) {
      recordCostly(row, observability);
      // Only for people: the delivery goes on by itself, so a failure of this event stops nothing.
      await ports.announceDelay(row).catch(() => {
        observability.log.warn("the event of the delay is not out");
      });
    }
    return { type: "written" };
  };

  const askAhead = (media: MediaRef): void => {
    ahead = { inspected: inspect(media), asked: askInfo() };
    // Whoever awaits them hears of it.
    for (const each of Object.values(ahead)) each.catch(() => undefined);
  };

  const connect = (): void => {
    connection ??= cielo24.connect();
  };

  const open = ({ media, sizeBytes }: MeasuredMedia): void => {
    opened ??= { ...openEarly(store.body(media, sizeBytes)), media };
  };

  const inspect = async (media: MediaRef): Promise<Outcome> => {
    try {
      return { type: "object", ...(await store.inspect(media)) };
    } catch (error) {
      const { code, storeCode } = asReadError(error);
      return { type: "uninspected", code: code === "ACCESS_REFUSED" ? code : "READ_FAILED", storeCode };
    }
  };

  const askInfo = async (): Promise<Outcome> => {
    const askedAt = runtime.clock();
    try {
      const { hasMedia } = await cielo24.jobInfo(jobId, { deadline: Math.min(askedAt + QUESTION_MS, callDeadline) });
      return { type: "info", askedAt, hasMedia };
    } catch (error) {
      return { type: "noInfo", reply: asFailure(error) };
    }
  };

  const ask = async ({ look: object, wasAhead }: CommandTo<"ask">): Promise<Outcome> => {
    const looking = object && ports.look?.(object, observability);
    const asked = await ((wasAhead ? ahead?.asked : undefined) ?? askInfo()).finally(() => looking);
    return asked.type === "info" ? { ...asked, ...(await looking) } : asked;
  };

  /** If S3 cannot tell, the delivery goes on. */
  const recheck = async ({ media }: CommandTo<"recheck">): Promise<Outcome> => ({
    type: "checked",
    isWithdrawn: await store.isWithdrawn(media).catch(() => false),
  });

  const compare = async ({ row, media }: CommandTo<"compare">): Promise<Outcome> => {
    const found = await inspect(media);
    if (found.type === "object" && found.status !== "current") return { type: "compared", sameness: "superseded" };
    const sameness = row.media ? await store.compare(row.media, media, { isCopy: drop.isCopy === true }) : "unknown";
    return { type: "compared", sameness, sizeBytes: found.type === "object" ? found.sizeBytes : undefined };
  };

  const stream = async ({ claim, row }: CommandTo<"stream">): Promise<Outcome> => {
    const body = bodyOf(row);
    const startedAt = runtime.clock();
    const pace = createPace({
      // What is held back is not sent while the rate is judged.
      sizeBytes: Math.max(body.sizeBytes - HELD_BYTES, 0),
      startedAt,
      mustEndAt: run.deadline - settings.finalizeReserveMs,
    });
    const mayHandOver = settings.mode === "auto" && row.media?.kind === "object";
    /** Set when the rate proves too low: the abort that is under way. */
    let givingUp: Promise<void> | undefined;
    let reportedAt = startedAt;
    let report: Promise<unknown> | undefined;

    const onProgress = (sentBytes: number) => {
      const now = runtime.clock();
      if (mayHandOver && !pace.willFit(sentBytes, now)) givingUp ??= sending.abort();
      if (report || now - reportedAt < PROGRESS_INTERVAL_MS) return;
      reportedAt = now;
      // A failure of this write stops nothing: the row's SentBytes are only for people.
      const over = () => (report = undefined);
      report = ledger.write(jobId, reportProgress(claim, { now, sentBytes })).then(over, over);
    };

    const sending = (connection ?? cielo24).openTransfer(
      { jobId, body, onProgress },
      { deadline: callDeadline, idleTimeoutMs: run.idleTimeoutMs },
    );
    transfer = sending;
    const isGivenUp = () => givingUp !== undefined;
    try {
      const result = await sending.sendAllButLast();
      const sentBytes = sending.sentBytes();
      if (isGivenUp()) return { type: "tooSlow", sentBytes };
      if (result === "held") return { type: "held", sha256: sending.sha256() };
      return { type: "answered", reply: asReply(result), sentBytes };
    } catch (error) {
      const sentBytes = sending.sentBytes();
      if (isGivenUp()) return { type: "tooSlow", sentBytes };
      const { code, storeCode } = asReadError(error);
      return { type: "broken", code, storeCode, sentBytes };
    } finally {
      await givingUp;
      await report;
    }
  };

  const bodyOf = (row: Row): MediaBody => {
    if (call && "bytes" in call) return bodyOfBytes(call.bytes);
    if (!row.media || row.sizeBytes === undefined) throw new Error("A row that is sent has measured media");
    if (opened?.media.id === row.media.id && opened.sizeBytes === row.sizeBytes && !opened.isTaken()) return opened;
    return store.body(row.media, row.sizeBytes);
  };

  const finish = async (): Promise<Outcome> => {
    if (!transfer) throw new Error("There is no transfer to finish");
    const result = await transfer.finish();
    transfer = undefined;
    return { type: "answered", reply: asReply(result) };
  };

  const handOver = async (row: Row): Promise<Outcome> => {
    try {
      const url = call && "mediaUrl" in call ? call : { mediaUrl: run.capabilityUrl(row) };
      return {
        type: "answered",
        reply: { is: "accepted", ...(await cielo24.addMediaByUrl({ jobId, ...url }, { deadline: callDeadline })) },
      };
    } catch (error) {
      return { type: "answered", reply: asFailure(error) };
    }
  };

  /** Of the transfer, nothing is sent after this. */
  const abort = async (): Promise<void> => {
    await transfer?.abort();
    transfer = undefined;
  };

  const close = async (): Promise<void> => {
    await Promise.allSettled([abort(), connection?.close(), opened?.close(), ahead?.inspected, ahead?.asked]);
  };

  const publish = async (event: Promise<void>, record: () => void): Promise<Outcome> => {
    try {
      await event;
    } catch {
      return { type: "unannounced" };
    }
    record();
    return { type: "announced" };
  };

  /** Logs that the media could not be read, and why; rethrows every other error. */
  const asReadError = (error: unknown): MediaReadError => {
    if (!(error instanceof MediaReadError)) throw error;
    const { code, storeCode } = error;
    observability.log.warn("the object could not be read", { code, errorType: storeCode });
    return error;
  };

  return { execute, close };
};

const unlessLedgerFails = async (act: () => Promise<Outcome>, otherwise: Outcome): Promise<Outcome> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof LedgerError) return otherwise;
    throw error;
  }
};

const bodyOfBytes = (bytes: Uint8Array): MediaBody => ({
  sizeBytes: bytes.byteLength,
  // eslint-disable-next-line @typescript-eslint/require-await -- a body is read asynchronously, these bytes are here
  read: async function* () {
    yield bytes;
  },
});
