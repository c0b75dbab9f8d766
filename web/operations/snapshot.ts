/** What the page shows at a moment, as its server sends it. Times are milliseconds since the epoch. */
export interface Snapshot {
  readonly now: number;
  /** Jobs by state. */
  readonly states: Readonly<Record<JobState, number>>;
  readonly queue: {
    readonly messages: number;
    /** When the oldest message was sent; absent if there is none. */
    readonly oldestAt?: number | undefined;
    readonly deadLetters: number;
  };
  /** Jobs that wait for something, the oldest first; `openCount` counts those that are left out, too. */
  readonly open: readonly Job[];
  readonly openCount: number;
  /** Jobs that have ended, the latest first. */
  readonly ended: readonly Job[];
  readonly rates: readonly Rate[];
  readonly speeds: readonly Speed[];
  readonly promise: Promised;
  readonly reasons: readonly Reason[];
  readonly notifications: readonly Notification[];
  readonly alarms: Alarms;
  readonly cost: Cost;
  /** The address of the upload page. */
  readonly pageUrl?: string | undefined;
  /** Of the job that was asked for. */
  readonly life?: Life | undefined;
}

export const STATES = [
  "UPLOADING",
  "IN_QUEUE",
  "SENDING",
  "FINALIZING",
  "NEEDS_REVIEW",
  "REJECTED",
  "DELIVERED",
] as const;

/** A state of the ledger, or `IN_QUEUE`: the object has arrived, and no worker has looked at it. */
export type JobState = (typeof STATES)[number];

export interface Job {
  readonly jobId: string;
  readonly state: JobState;
  /** The file's name, or the URL of the media; absent until something has arrived. */
  readonly name?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly sentBytes?: number | undefined;
  /** When its upload was signed, or its media came. */
  readonly since: number;
  readonly updatedAt: number;
  /** What it waits for, or why it ended. */
  readonly reason?: { readonly type: string; readonly comment: string } | undefined;
  /** When it is tried again. */
  readonly nextAt?: number | undefined;
  readonly taskId?: string | undefined;
}

/** A metric of the functions. */
export interface Rate {
  readonly metric: string;
  readonly isBytes: boolean;
  /** Of the last hour, the oldest minute first. */
  readonly perMinute: readonly number[];
  readonly lastHour: number;
  readonly lastDay: number;
}

/** How long something took, in the last 24 hours. */
export interface Speed {
  readonly metric: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Drops of the last 24 hours, which cielo24 had in the time that is promised, or not. */
export interface Promised {
  readonly inTime: number;
  readonly late: number;
  /** The share that is promised to be in time. */
  readonly objective: number;
  /** How fast the error budget burned in the last hour: at 1 it lasts as long as the objective's 28 days. */
  readonly burn: number;
}

/** Why media waited, or was rejected, in the last 24 hours. */
export interface Reason {
  readonly is: "waits" | "rejected";
  readonly reason: string;
  readonly count: number;
}

export interface Notification {
  readonly at: number;
  readonly title: string;
  /** Whether it wakes somebody, or can wait until the morning. */
  readonly wakes: boolean;
  readonly jobId?: string | undefined;
  readonly text: string;
  /** What to run next. */
  readonly command?: string | undefined;
}

export interface Alarms {
  readonly ringing: readonly Alarm[];
  /** How many can ring here, and how many only on AWS. */
  readonly watched: number;
  readonly others: number;
}

export interface Alarm {
  readonly name: string;
  readonly text: string;
}

/** What the day so far would have cost on AWS, in dollars: an estimate. */
export interface Cost {
  readonly lines: readonly { readonly name: string; readonly dollars: number }[];
  readonly dollars: number;
}

export interface Life {
  readonly jobId: string;
  readonly job?: Job | undefined;
  /** What the functions logged about the job, the oldest first. */
  readonly lines: readonly LifeLine[];
}

export interface LifeLine {
  readonly at: number;
  readonly level: string;
  readonly service: string;
  readonly message: string;
  /** All other fields. */
  readonly fields: Readonly<Record<string, unknown>>;
}
