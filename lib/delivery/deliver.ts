import { ACCOUNT_ERROR_TYPES, Cielo24Error } from "../cielo24/errors.ts";
import { MediaReadError } from "../media/body.ts";
import type { MediaStore } from "../media/bucket.ts";
import type { MetricName, Observability } from "../observability.ts";
import type { Runtime } from "../runtime.ts";
import { LedgerError, type Ledger } from "./ledger.ts";
import { createPace } from "./machine/pace.ts";
import type { Row } from "./machine/row.ts";
import type { Reply, Command, Input, Drop, LaterReason, Settings } from "./machine/protocol.ts";
import { start, step } from "./machine/machine.ts";
import { reportProgress } from "./machine/transitions.ts";
import type { Cielo24, MediaResult, MediaTransfer } from "../cielo24/api.ts";
import type { MediaBody } from "../media/body.ts";

export interface DeliveryPorts {
  readonly ledger: Ledger;
  readonly store: MediaStore;
  readonly cielo24: Cielo24;
  /** Publishes the event of a row's end; throws when it is not out. */
  readonly announce: (row: Row) => Promise<void>;
  /** Publishes that a medium is delayed and why; throws when the event is not out. */
  readonly announceDelay: (row: Row) => Promise<void>;
  readonly runtime: Pick<Runtime, "clock" | "randomHex">;
  readonly observability: Observability;
}

/** One run of the machine: a drop and what this invocation can do about it. */
export interface DeliveryRun {
  readonly drop: Drop;
  readonly settings: Settings;
  /** When the invocation ends. */
  readonly deadline: number;
  /** Kept back from the deadline for the last writes. */
  readonly marginMs: number;
  readonly idleTimeoutMs: number;
  /** What a caller's own media is: the URL that cielo24 shall fetch, or its bytes. */
  readonly call?: { readonly mediaUrl: string; readonly isDuplicate: boolean } | { readonly bytes: Uint8Array };
  /** The capability URL for a row that is being handed over. */
  readonly capabilityUrl: (row: Row) => string;
}

export interface DeliveryEnd {
  readonly command: Extract<Command, { do: "acknowledge" | "later" }>;
  /** The TaskId that cielo24 answered in this run, on record or not. */
  readonly taskId: string | undefined;
}

/** Progress is written to the ledger so often while sending. */
const PROGRESS_INTERVAL_MS = 5_000;
/** A transfer holds so much of its body back, see MediaTransfer: it is not sent while the rate is judged. */
const HELD_BYTES = 64 * 1024;
/** A question to cielo24 may take so long. */
const QUESTION_MS = 30_000;

/**
 * Runs the delivery machine to its end: executes each command and tells the machine how it went. It decides nothing.
 * Returns only when every socket it opened is closed and every write has ended, since what is left over when a Lambda
 * returns would thaw in a later invocation.
 */
export const deliver = async (run: DeliveryRun, ports: DeliveryPorts): Promise<DeliveryEnd> => {
  const worker = createWorker(run, ports);
  try {
    let { memory, command } = start(run.drop, run.settings);
    for (;;) {
      if (command.do === "acknowledge" || command.do === "later") {
        recordEnd(command, ports.observability);
        return { command, taskId: memory.fact?.taskId };
      }
      const happening = await worker.execute(command);
      const now = ports.runtime.clock();
      const event = { ...happening, now, timeLeftMs: run.deadline - now, random: ports.runtime.randomHex() };
      ports.observability.log.debug("step", { jobId: run.drop.jobId, outcome: happening.type, reason: command.do });
      ({ memory, command } = step(memory, event));
    }
  } finally {
    await worker.close();
  }
};

type Happening = Input extends infer E ? (E extends unknown ? Omit<E, "now" | "timeLeftMs" | "random"> : never) : never;
type Executable = Exclude<Command, { do: "acknowledge" | "later" }>;

const createWorker = (
  run: DeliveryRun,
  { ledger, store, cielo24, announce, announceDelay, runtime, observability }: DeliveryPorts,
) => {
  const { jobId } = run.drop;
  const callDeadline = run.deadline - run.marginMs;
  const questionLimits = () => ({ deadline: Math.min(runtime.clock() + QUESTION_MS, callDeadline) });
  let transfer: MediaTransfer | undefined;

  const execute = async (command: Executable): Promise<Happening> => {
    switch (command.do) {
      case "read":
        return fromLedger(async () => ({ type: "row", row: await ledger.read(jobId) }), { type: "unread" });
      case "write":
        return fromLedger(
          async () => {
            if ((await ledger.write(jobId, command.write)) === "refused") return { type: "unwritten" };
            if (command.write.set.conflictCount !== undefined) observability.count("MediaConflict");
            if (command.isCostly && command.row) await tellOfCost(command.row);
            return { type: "written" };
          },
          { type: "unwritten" },
        );
      case "inspect":
        try {
          return { type: "object", ...(await store.inspect(command.media)) };
        } catch (error) {
          if (error instanceof MediaReadError) {
            logRead(error);
            return {
              type: "uninspected",
              code: error.code === "ACCESS_REFUSED" ? error.code : "READ_FAILED",
              storeCode: error.storeCode,
            };
          }
          throw error;
        }
      case "ask": {
        const askedAt = runtime.clock();
        try {
          return { type: "info", askedAt, ...(await cielo24.jobInfo(jobId, questionLimits())) };
        } catch (error) {
          return { type: "noInfo", answer: asAnswer(error) };
        }
      }
      case "stream":
        return stream(command);
      case "finish": {
        if (!transfer) throw new Error("There is no transfer to finish");
        const answer = await transfer.finish();
        transfer = undefined;
        return { type: "answered", answer: fromMediaAnswer(answer) };
      }
      case "handOver":
        try {
          const { taskId } = await cielo24.addMediaByUrl({ jobId, ...urlOf(command.row) }, { deadline: callDeadline });
          return { type: "answered", answer: { is: "accepted", taskId } };
        } catch (error) {
          return { type: "answered", answer: asAnswer(error) };
        }
      case "abort":
        await close();
        return { type: "aborted" };
      case "announce":
        try {
          await announce(command.row);
        } catch {
          return { type: "unannounced" };
        }
        recordAnnounced(command.row, observability);
        return { type: "announced" };
    }
  };

  /** For people: the delivery goes on by itself, so that a failure of this event stops nothing. */
  const tellOfCost = async (row: Row): Promise<void> => {
    observability.log.error("the medium has been carried in vain for more than five times its size", {
      sizeBytes: row.sizeBytes ?? 0,
      sentBytes: (row.bytesInVain ?? 0) + (row.sentBytes ?? 0),
    });
    observability.count("BytesCarriedInVain");
    await announceDelay(row).catch(() => {
      observability.log.warn("the event of the delay is not out");
    });
  };

  const logRead = ({ code, storeCode }: MediaReadError): void => {
    observability.log.warn("the object could not be read", { code, ...(storeCode ? { errorType: storeCode } : {}) });
  };

  const stream = async ({ claim, row }: Extract<Command, { do: "stream" }>): Promise<Happening> => {
    const body = bodyOf(row);
    const startedAt = runtime.clock();
    const pace = createPace({
      sizeBytes: Math.max(body.sizeBytes - HELD_BYTES, 0),
      startedAt,
      mustEndAt: run.deadline - run.settings.finalizeReserveMs,
    });
    const mayHandOver = run.settings.mode === "auto" && row.media?.kind === "object";
    /** Set when the rate proves too low: the abort that is under way. */
    let givingUp: Promise<void> | undefined;
    let reportedAt = startedAt;
    let report: Promise<unknown> | undefined;

    const isGivenUp = () => givingUp !== undefined;
    const onProgress = (sentBytes: number) => {
      const now = runtime.clock();
      if (mayHandOver && !pace.willFit(sentBytes, now)) givingUp ??= sending.abort();
      if (report || now - reportedAt < PROGRESS_INTERVAL_MS) return;
      reportedAt = now;
      // A failure of this write stops nothing: the row's SentBytes are only for people.
      report = ledger.write(jobId, reportProgress(claim, { now, sentBytes })).then(
        () => (report = undefined),
        () => (report = undefined),
      );
    };

    const sending = cielo24.openTransfer(
      { jobId, body, onProgress },
      { deadline: callDeadline, idleTimeoutMs: run.idleTimeoutMs },
    );
    transfer = sending;
    try {
      const result = await sending.sendAllButLast();
      if (isGivenUp()) return { type: "tooSlow", sentBytes: sending.sentBytes() };
      if (result === "held") return { type: "held", sha256: sending.sha256() };
      return { type: "answered", answer: fromMediaAnswer(result), sentBytes: sending.sentBytes() };
    } catch (error) {
      if (isGivenUp()) return { type: "tooSlow", sentBytes: sending.sentBytes() };
      if (error instanceof MediaReadError) {
        logRead(error);
        return { type: "broken", code: error.code, storeCode: error.storeCode, sentBytes: sending.sentBytes() };
      }
      throw error;
    } finally {
      await givingUp;
      await report;
    }
  };

  const bodyOf = (row: Row): MediaBody => {
    if (run.call && "bytes" in run.call) return bodyOfBytes(run.call.bytes);
    if (!row.media || row.sizeBytes === undefined) throw new Error("A row that is sent has measured media");
    return store.body(row.media, row.sizeBytes);
  };

  const urlOf = (row: Row) => (run.call && "mediaUrl" in run.call ? run.call : { mediaUrl: run.capabilityUrl(row) });

  const close = async () => {
    await transfer?.abort();
    transfer = undefined;
  };

  return { execute, close };
};

const fromLedger = async (act: () => Promise<Happening>, otherwise: Happening): Promise<Happening> => {
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

const fromMediaAnswer = (answer: MediaResult): Reply => {
  if ("taskId" in answer) return { is: "accepted", taskId: answer.taskId };
  const failure = asAnswer(answer.error);
  const canBeUnsent = failure.is === "unavailable" || failure.is === "unintelligible";
  return canBeUnsent && answer.isUnsent ? { ...failure, isUnsent: true } : failure;
};

/** What an error of cielo24's means to the machine. Anything else is a defect of ours and is thrown on. */
const asAnswer = (error: unknown): Exclude<Reply, { is: "accepted" }> => {
  if (!(error instanceof Cielo24Error)) throw error;
  const described = {
    type: error.errorType ?? "CIELO24_ANSWER_UNKNOWN",
    comment: error.errorComment ?? "cielo24 gave an answer that its documentation does not know.",
  };
  switch (error.code) {
    case "REFUSED":
      // What is refused before the medium is spoken of, a login, is never the medium's fault.
      return {
        is: error.isUnsent || ACCOUNT_ERROR_TYPES.has(described.type) ? "accountRefused" : "refused",
        error: described,
      };
    case "BAD_API_TOKEN":
      return { is: "badToken" };
    case "LOGIN_INVALID":
      return { is: "loginInvalid" };
    case "UNAVAILABLE":
    case "TIMED_OUT":
      return {
        is: "unavailable",
        ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
        ...(error.isUnsent ? { isUnsent: true } : {}),
        ...(error.isAnsweredError ? { isAnsweredError: true } : {}),
      };
    case "UNINTELLIGIBLE":
      return { is: "unintelligible", error: described, ...(error.isUnsent ? { isUnsent: true } : {}) };
  }
};

const recordAnnounced = (row: Row, { count }: Observability): void => {
  if (row.state === "DELIVERED") {
    count("MediaDelivered");
    count("BytesDelivered", row.sizeBytes ?? 0);
  }
  if (row.state === "REJECTED") count("MediaRejected");
  if (row.state === "NEEDS_REVIEW") count("MediaNeedsReview");
};

/** What an operator has to see to, by an alarm of its own; and what only looks like waiting. */
const METRIC_OF: Partial<Record<LaterReason, MetricName>> = {
  loginInvalid: "LoginInvalid",
  accountRefused: "AccountRefused",
  jobUnknown: "JobUnknown",
  unintelligible: "AnswerNotUnderstood",
  accessRefused: "ObjectAccessRefused",
  urlRefused: "MediaUrlRefused",
  handedOver: "MediaHandedOver",
};

const recordEnd = (command: DeliveryEnd["command"], { log, count }: Observability): void => {
  const { row, reason } = command;
  const fields = {
    reason,
    ...(row
      ? { state: row.state, attempt: row.claims ?? row.posts ?? 0, ...(row.taskId ? { taskId: row.taskId } : {}) }
      : {}),
    ...((row?.error ?? row?.waiting) ? { errorType: row.error?.type ?? row.waiting?.type ?? "" } : {}),
  };
  if (command.do === "later") {
    log[command.reason === "notDue" ? "info" : "warn"]("delivery goes on later", fields);
    if (command.reason !== "notDue") count("MediaRetried");
    const metric = METRIC_OF[command.reason];
    if (metric) count(metric);
    return;
  }
  log.info("delivery has ended", fields);
  if (reason === "superseded") count("MediaSuperseded");
};
