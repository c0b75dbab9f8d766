import type { Facts } from "../dev/cielo24/facts.ts";
import type { Account } from "./account.ts";
import type { MediaUrl } from "./media-url.ts";

/** What a question cannot do without. */
export type Need = "login" | "securekey" | "long" | "served";

export interface Question {
  readonly id: string;
  /** The sentence that the answer completes. */
  readonly asks: string;
  readonly assumed: string;
  /** Files, with anchors, in which the assumption stands. */
  readonly stands: readonly string[];
  /** How many jobs it makes for itself, and which it shares with other questions. */
  readonly jobs?: number;
  readonly shares?: "plainJob" | "jobWithMedia";
  /** How often it sends media, or a part of it. */
  readonly media?: number;
  readonly needs?: Need;
  /** How long it takes, if that is more than a few seconds. */
  readonly takes?: string;
  readonly ask: (asking: Asking) => Promise<Finding>;
}

/** What cielo24 did. */
export interface Finding {
  readonly answer: string;
  /** What was sent, and what came back. */
  readonly evidence: readonly string[];
  /** What to change, if it is other than assumed. */
  readonly change?: string | undefined;
  /** What the simulator can do as well. */
  readonly facts?: Facts;
  /** What of it the simulator cannot do. */
  readonly beyondSimulator?: string | undefined;
}

/** What the questions ask with. */
export interface Asking {
  readonly account: Account;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Rejects with `Interrupted` once the program is to end. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly progress: (text: string) => void;
  /** Whether the person at the terminal agrees. */
  readonly agrees: (question: string) => Promise<boolean>;
  readonly mediaUrl: MediaUrl | undefined;
  /** What was found so far. */
  readonly facts: () => Facts;
  /** A job that has no media. The same one for all questions. */
  readonly plainJob: () => Promise<string>;
  /** A job that was given {@link tone}, with when its last byte left (ms). The same one for all questions. */
  readonly jobWithMedia: () => Promise<{ readonly jobId: string; readonly sentAt: number; readonly answer: string }>;
  /** Small media. */
  readonly tone: Uint8Array<ArrayBuffer>;
  /** Media of the same size that is not the same. */
  readonly otherTone: Uint8Array<ArrayBuffer>;
}
