import { decideWrite, SCHEMA_VERSION, type Row, type State, type Write } from "../../../../lib/delivery/machine/row.ts";
import type {
  Reply,
  Command,
  Failure,
  Looked,
  Drop,
  Memory,
  Outcome,
  Settings,
} from "../../../../lib/delivery/machine/protocol.ts";
import { start, step } from "../../../../lib/delivery/machine/machine.ts";
import type { MediaRef, Sameness } from "../../../../lib/media/key.ts";

export const JOB_ID = "0123456789abcdef0123456789abcdef";
export const NOW = Date.UTC(2031, 4, 6);
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const TIME_LEFT_MS = 15 * MINUTE_MS;

export const SETTINGS: Settings = {
  maxPosts: 5,
  maxMediaBytes: 1_000_000,
  mode: "auto",
  resendAfterUnknown: false,
  resendAfterServerError: true,
  serverErrorSettleMs: 6 * HOUR_MS,
  unknownJobMs: 24 * HOUR_MS,
  expiryMs: 90 * 24 * HOUR_MS,
  uploadLifeMs: 9 * 24 * HOUR_MS,
  clockSkewMs: 5 * MINUTE_MS,
  settleMs: 30 * MINUTE_MS,
  capabilityLifetimeMs: 6 * HOUR_MS,
  longestPullMs: 5 * HOUR_MS,
  finalizeReserveMs: 2 * MINUTE_MS,
  dropSettleMs: 30 * SECOND_MS,
  truncatedPatienceMs: 10 * MINUTE_MS,
};

export const A: MediaRef = { id: "object:a", kind: "object", key: "a", versionId: "1" };
export const B: MediaRef = { id: "object:b", kind: "object", key: "b", versionId: "1" };
export const URL_OF_CALLER: MediaRef = { id: "url:c", kind: "url" };

export const row = (state: State, more: Partial<Row> = {}): Row => ({
  jobId: JOB_ID,
  state,
  schemaVersion: SCHEMA_VERSION,
  fence: 4,
  media: A,
  updatedAt: NOW - HOUR_MS,
  ...more,
});

/** A table of one row. */
export interface Table {
  row: Row | undefined;
}

type Fate = "lost" | "answerLost" | undefined;

/**
 * Drives one worker's machine. The table's reads and writes, and the last check of the object, are carried out at once,
 * everything else waits for the test
 * to say what happens; saying what does not fit the command that waits is an error.
 */
export class Run {
  readonly table: Table;
  /** How often it read the row. */
  reads = 0;
  /** The commands so far, but for the table's. */
  readonly commands: Command[] = [];
  /** The commands of its writes. */
  readonly writes: Extract<Command, { do: "write" }>[] = [];
  /** Whether the object is deleted by the time of the last check. */
  isWithdrawn = false;
  /** The states that this worker wrote, in order. */
  readonly wrote: State[] = [];
  now: number;
  timeLeftMs: number;
  #memory: Memory;
  #command: Command;
  #randoms = 0;
  readonly #name: string;
  readonly #jitter: string;
  readonly #fates = new Map<string, () => Fate>();

  constructor({
    drop = {},
    settings = {},
    table,
    row: at,
    now = NOW,
    timeLeftMs = TIME_LEFT_MS,
    name = "00",
    jitter = "00000000",
    cannotRead = false,
  }: {
    drop?: Partial<Drop>;
    settings?: Partial<Settings>;
    table?: Table;
    row?: Row;
    now?: number;
    timeLeftMs?: number;
    /** Tells the random values of one worker from another's: two hex digits. */
    name?: string;
    /** The first eight hex digits of every random value. */
    jitter?: string;
    /** The first read fails. */
    cannotRead?: boolean;
  }) {
    this.table = table ?? { row: at };
    this.now = now;
    this.timeLeftMs = timeLeftMs;
    this.#name = name;
    this.#jitter = jitter;
    if (cannotRead) this.before("read", () => "lost");
    const role = drop.role ?? "queue";
    const hasMedia = role === "queue" || role === "caller";
    const started = start(
      { jobId: JOB_ID, role, receiveCount: 1, lastChance: false, ...(hasMedia ? { media: A } : {}), ...drop },
      { ...SETTINGS, ...settings },
    );
    this.#memory = started.memory;
    this.#command = started.command;
    this.#settle();
  }

  get row(): Row | undefined {
    return this.table.row;
  }

  /** What the worker wants now. */
  get command(): Command {
    return this.#command;
  }

  /** What happens to the next write that sets this state (or `"read"`: to the next read); others may act before. */
  before(what: State | "read", happens: () => Fate): this {
    this.#fates.set(what, happens);
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    this.timeLeftMs -= ms;
    return this;
  }

  // — What the test says happens —

  finds(
    status: "current" | "superseded" | "deleted" | "gone",
    sizeBytes = 1_000,
    more: { contentType?: string; isArchived?: boolean } = {},
  ): this {
    return this.#tell("inspect", { type: "object", status, sizeBytes, ...more });
  }

  cannotMeasure(code: "READ_FAILED" | "ACCESS_REFUSED" = "READ_FAILED", storeCode?: string): this {
    return this.#tell("inspect", { type: "uninspected", code, storeCode });
  }

  seesMedia(hasMedia: boolean, askedAt = this.now): this {
    return this.#tell("ask", { type: "info", hasMedia, askedAt });
  }

  /** job/info shows no media; the look at the bytes says this. */
  sees(looked: Looked): this {
    return this.#tell("ask", { type: "info", hasMedia: false, askedAt: this.now, ...looked });
  }

  findsConflict(sameness: Sameness | "superseded", sizeBytes = 1_000): this {
    return this.#tell("compare", { type: "compared", sameness, sizeBytes });
  }

  isToldInstead(reply: Failure): this {
    return this.#tell("ask", { type: "noInfo", reply });
  }

  /** All but the last chunk is sent. */
  holds(): this {
    return this.#tell("stream", { type: "held", sha256: "ab" });
  }

  breaks(
    code: "OBJECT_GONE" | "OBJECT_CHANGED" | "OBJECT_ARCHIVED" | "ACCESS_REFUSED" | "READ_FAILED",
    more: { storeCode?: string; sentBytes?: number } = {},
  ): this {
    return this.#tell("stream", { type: "broken", code, ...more });
  }

  isTooSlow(): this {
    return this.#tell("stream", { type: "tooSlow" });
  }

  /** cielo24 answers the POST, before or after its last chunk. */
  gets(reply: Reply, sentBytes?: number): this {
    return this.#tell(["stream", "finish", "handOver"], {
      type: "answered",
      reply,
      ...(sentBytes === undefined ? {} : { sentBytes }),
    });
  }

  destroysSockets(): this {
    return this.#tell("abort", { type: "aborted" });
  }

  announces(): this {
    return this.#tell(["announce", "announceConflict"], { type: "announced" });
  }

  cannotAnnounce(): this {
    return this.#tell(["announce", "announceConflict"], { type: "unannounced" });
  }

  /** From the first read to the claim of an object that is there, for a job without media. */
  claims(): this {
    if (this.#command.do === "inspect") this.finds("current");
    return this.seesMedia(false);
  }

  /** From there to the moment when the last chunk, or the URL, is to go out. */
  comesToTheLastChunk(): this {
    this.claims();
    return this.#command.do === "stream" ? this.holds() : this;
  }

  #tell(expected: Command["do"] | Command["do"][], outcome: Outcome): this {
    if (![expected].flat().includes(this.#command.do))
      throw new Error(`${outcome.type} does not answer ${this.#command.do}`);
    this.#step(outcome);
    this.#settle();
    return this;
  }

  #step(outcome: Outcome): void {
    this.#randoms += 1;
    const random = `${this.#jitter}${this.#name}${this.#randoms.toString(16).padStart(22, "0")}`;
    const input = { ...outcome, now: this.now, timeLeftMs: this.timeLeftMs, random };
    ({ memory: this.#memory, command: this.#command } = step(this.#memory, input));
  }

  #settle(): void {
    for (;;) {
      const command = this.#command;
      if (command.do === "read") {
        this.reads += 1;
        this.#step(this.#fateOf("read") === "lost" ? { type: "unread" } : { type: "row", row: this.table.row });
      } else if (command.do === "write") {
        this.writes.push(command);
        this.#step({ type: this.#write(command.write) ? "written" : "unwritten" });
      } else if (command.do === "recheck") {
        this.#step({ type: "checked", isWithdrawn: this.isWithdrawn });
      } else {
        this.commands.push(command);
        return;
      }
    }
  }

  /** @returns whether the worker learns that it was written */
  #write(write: Write): boolean {
    const fate = this.#fateOf(write.set.state ?? "");
    const after = decideWrite(JOB_ID, this.table.row, write);
    if (!after || fate === "lost") return false;
    this.table.row = after;
    if (write.set.state) this.wrote.push(write.set.state);
    return fate !== "answerLost";
  }

  #fateOf(what: string): Fate {
    const happens = this.#fates.get(what);
    this.#fates.delete(what);
    return happens?.();
  }
}
