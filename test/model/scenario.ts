import type { Settings } from "../../lib/delivery/machine/protocol.ts";

/** The coarse unit of time: everything that differs by less happens at once, in every order. */
export const TICK_MS = 300_000;

/** The life of a capability URL, and the longest pull through it. */
export const CAPABILITY_TICKS = 1;
export const LONGEST_PULL_TICKS = 1;
/** How long an upload may take to arrive. */
export const UPLOAD_LIFE_TICKS = 2;
/** How long cielo24 may say that it does not know the job. */
export const UNKNOWN_JOB_TICKS = 2;

/** How often each kind of misfortune may happen in one run. */
export interface Budgets {
  /** Workers that die at any command. */
  readonly crashes: number;
  /** Messages that are delivered once more. */
  readonly duplicates: number;
  /** Table writes that are lost, done with the answer lost, done at any later time, or done twice. */
  readonly writes: number;
  /** Reads of the table, announcements and questions that fail. */
  readonly calls: number;
  /** Objects that are deleted again. */
  readonly withdrawals: number;
  /** POSTs that are refused, whose token is refused, or that break before the last chunk; objects that are gone. */
  readonly refusals: number;
  /** Answers that are lost after the last chunk, or come before it as a 200. */
  readonly answers: number;
  /** Errors that cielo24 answers after the whole body. */
  readonly errors: number;
  /** Messages that are delivered for the last time. */
  readonly lastChances: number;
  /** HTTP callers who bring their own media for the job. */
  readonly callers: number;
  /** Times that an operator says "send again", "reject", or, of what cielo24 has, "delivered". */
  readonly operators: number;
  /** Uploads that are signed for the job. */
  readonly signings: number;
  /** Times that the owner cancels. */
  readonly cancels: number;
}

/** The ends that a job or its media may reach. */
export const ENDS = [
  "delivered",
  "delivered after a resend",
  "rejected",
  "needs review",
  "conflict",
  "timed out",
] as const;

export type End = (typeof ENDS)[number];

/** What one exploration lets happen. It is only data, so that it is easy to widen. */
export interface Scenario {
  readonly name: string;
  /** Invocations that live at the same time. */
  readonly workers: number;
  /** Objects that are dropped for the job. */
  readonly objects: number;
  readonly callWith: "url" | "body";
  /** Whether the census looks after rows and objects that have no message left. */
  readonly census: boolean;
  /** Whether a worker reports progress while it sends. */
  readonly progress: boolean;
  /** `url`: objects are handed over by capability URL; `auto`: those that prove too slow. */
  readonly mode: "stream" | "url" | "auto";
  /** Whether time may pass between the last chunk and cielo24's answer. */
  readonly slowAnswers: boolean;
  /** Whether time to live may remove rows once all is quiet. */
  readonly rowsExpire: boolean;
  readonly resendAfterUnknown: boolean;
  readonly resendAfterServerError: boolean;
  /** How long the machine waits for job/info to show media that was accepted behind an error. */
  readonly serverErrorSettleTicks: number;
  /** Whether workers of the last release take messages, too. */
  readonly mixesReleases: boolean;
  /** Whether the second object is a newer version of the first. */
  readonly supersedes: boolean;
  /** How long an operator's drop waits for a newer version, and the same for one that is cut off. */
  readonly dropSettleTicks: number;
  readonly truncatedPatienceTicks: number;
  /**
   * Whether no code runs after an invocation's deadline. Sending again rests on it; without sending again, workers may
   * freeze and thaw at will.
   */
  readonly killsAtDeadline: boolean;
  readonly invocationTicks: number;
  /** S: workers' clocks are right, or ahead by so much. */
  readonly clockSkewTicks: number;
  /** T + D in the machine's settings: after that, sent media can no longer be accepted unseen. */
  readonly settleTicks: number;
  readonly cielo24: {
    /** T: after that, sent media can no longer be accepted. */
    readonly lateAcceptanceTicks: number;
    /** D: after that, job/info shows accepted media. */
    readonly lateInfoTicks: number;
    /** Whether it refuses a second medium by itself. */
    readonly enforcesOneMedium: boolean;
  };
  readonly maxPosts: number;
  readonly budgets: Budgets;
  /** The ends that must come about somewhere. */
  readonly mustReach: readonly End[];
}

export const settingsOf = ({
  maxPosts,
  mode,
  resendAfterUnknown,
  resendAfterServerError,
  serverErrorSettleTicks,
  clockSkewTicks,
  settleTicks,
  dropSettleTicks,
  truncatedPatienceTicks,
}: Scenario): Settings => ({
  resendAfterServerError,
  serverErrorSettleMs: serverErrorSettleTicks * TICK_MS,
  uploadLifeMs: UPLOAD_LIFE_TICKS * TICK_MS,
  unknownJobMs: UNKNOWN_JOB_TICKS * TICK_MS,
  expiryMs: 90 * 24 * 3600 * 1000,
  maxPosts,
  maxMediaBytes: 10,
  mode,
  resendAfterUnknown,
  clockSkewMs: clockSkewTicks * TICK_MS,
  settleMs: settleTicks * TICK_MS,
  capabilityLifetimeMs: CAPABILITY_TICKS * TICK_MS,
  longestPullMs: LONGEST_PULL_TICKS * TICK_MS,
  finalizeReserveMs: TICK_MS / 2,
  dropSettleMs: dropSettleTicks * TICK_MS,
  truncatedPatienceMs: truncatedPatienceTicks * TICK_MS,
});

/** An HTTP call never hands over a URL of ours, and never sends again. */
export const callSettingsOf = (scenario: Scenario): Settings => ({
  ...settingsOf(scenario),
  mode: "stream",
  resendAfterUnknown: false,
  resendAfterServerError: false,
  capabilityLifetimeMs: 0,
  longestPullMs: 0,
});
