import { createHash, randomUUID } from "node:crypto";
import { AwsJsonError } from "../aws-json.ts";
import type { StackClock } from "../clock.ts";

export interface Message {
  readonly messageId: string;
  readonly body: string;
  readonly md5: string;
  readonly sentAt: number;
  visibleAt: number;
  receiveCount: number;
  /** When the message was last received. */
  receivedAt?: number;
  firstReceivedAt?: number;
  receiptHandle?: string;
  /** The queue that gave it up, where it is in a dead-letter queue. */
  source?: Queue;
}

export interface QueueSettings {
  readonly visibilityTimeoutS: number;
  readonly retentionS: number;
  readonly redrive?: { readonly deadLetterQueue: Queue; readonly maxReceives: number };
  /** How old a message is taken to be when it is sent. 0 by default. */
  readonly ageMs?: (body: string) => number;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_DELAY_S = 900;
const MAX_VISIBILITY_S = 12 * 3600;
/** What XML cannot say: SQS once spoke nothing else. */
const FORBIDDEN_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * A standard queue. Visibility, retention and the dead-letter queue follow the given clock.
 * Source: the Amazon SQS developer guide and API reference.
 */
export class Queue {
  readonly name: string;
  readonly settings: QueueSettings;
  readonly #clock: () => number;
  #messages: Message[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(name: string, settings: QueueSettings, clock: () => number) {
    this.name = name;
    this.settings = settings;
    this.#clock = clock;
  }

  send(body: string, delayS = 0): Message {
    if (body === "" || Buffer.byteLength(body) > MAX_MESSAGE_BYTES)
      throw new AwsJsonError("InvalidParameterValue", "The message must have 1 byte to 1 MiB");
    if (FORBIDDEN_CHARACTER.test(body))
      throw new AwsJsonError("InvalidMessageContents", "The message has a character that is not allowed");
    checkRange("DelaySeconds", delayS, [0, MAX_DELAY_S]);
    const now = this.#clock();
    const message: Message = {
      messageId: randomUUID(),
      body,
      md5: createHash("md5").update(body).digest("hex"),
      sentAt: now - (this.settings.ageMs?.(body) ?? 0),
      visibleAt: now + delayS * 1000,
      receiveCount: 0,
    };
    this.add(message);
    return message;
  }

  /** Receives visible messages and hides them. Those received too often move to the dead-letter queue instead. */
  receive(count: number, visibilityTimeoutS = this.settings.visibilityTimeoutS): Message[] {
    checkRange("VisibilityTimeout", visibilityTimeoutS, [0, MAX_VISIBILITY_S]);
    const now = this.#clock();
    const received: Message[] = [];
    for (const message of this.#kept().filter(({ visibleAt }) => visibleAt <= now)) {
      if (received.length === count) break;
      const { redrive } = this.settings;
      if (redrive && message.receiveCount >= redrive.maxReceives) {
        this.#messages = this.#messages.filter((each) => each !== message);
        // It keeps its age: retention counts from when it was first sent.
        message.source = this;
        redrive.deadLetterQueue.add(message);
        continue;
      }
      message.receiveCount += 1;
      message.receivedAt = now;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilityTimeoutS * 1000;
      message.receiptHandle = `${this.name}/${randomUUID()}`;
      received.push({ ...message });
    }
    return received;
  }

  /** Takes out up to so many visible messages, the oldest first. */
  take(count: number): Message[] {
    const now = this.#clock();
    const visible = this.#kept().filter(({ visibleAt }) => visibleAt <= now);
    const taken = visible.sort((one, other) => one.sentAt - other.sentAt).slice(0, count);
    this.#messages = this.#messages.filter((message) => !taken.includes(message));
    return taken;
  }

  /** An old receipt handle deletes nothing, without an error. */
  delete(receiptHandle: string): void {
    this.#checkHandle(receiptHandle);
    this.#messages = this.#messages.filter((message) => message.receiptHandle !== receiptHandle);
  }

  changeVisibility(receiptHandle: string, timeoutS: number): void {
    checkRange("VisibilityTimeout", timeoutS, [0, MAX_VISIBILITY_S]);
    this.#checkHandle(receiptHandle);
    const now = this.#clock();
    const message = this.#kept().find((each) => each.receiptHandle === receiptHandle);
    if (!message || message.visibleAt <= now)
      throw new AwsJsonError("MessageNotInflight", "The message is not in flight");
    const visibleAt = now + timeoutS * 1000;
    if (visibleAt - (message.receivedAt ?? now) > MAX_VISIBILITY_S * 1000)
      throw new AwsJsonError("InvalidParameterValue", "Total VisibilityTimeout is beyond the limit of 43200 seconds");
    message.visibleAt = visibleAt;
    this.#wake();
  }

  /** All messages: visible, delayed, or received and hidden. */
  inspect(): { visible: Message[]; delayed: Message[]; hidden: Message[] } {
    const now = this.#clock();
    const kept = this.#kept().map((message) => ({ ...message }));
    return {
      visible: kept.filter(({ visibleAt }) => visibleAt <= now),
      delayed: kept.filter(({ visibleAt, receiveCount }) => visibleAt > now && receiveCount === 0),
      hidden: kept.filter(({ visibleAt, receiveCount }) => visibleAt > now && receiveCount > 0),
    };
  }

  purge(): void {
    this.#messages = [];
  }

  /** When the next message becomes visible; Infinity if there is none. */
  nextVisibleAt(): number {
    return Math.min(...this.#kept().map(({ visibleAt }) => visibleAt));
  }

  /** Calls the listener once, when messages were added or made visible. */
  onChange(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  /** Tells the handles that it has given, of whichever receive. */
  #checkHandle(receiptHandle: string): void {
    if (!receiptHandle.startsWith(`${this.name}/`))
      throw new AwsJsonError("ReceiptHandleIsInvalid", "The receipt handle is not of this queue");
  }

  /** Adds a message as it is: its age, receives and visibility stay. */
  add(message: Message): void {
    this.#messages.push(message);
    this.#wake();
  }

  #wake(): void {
    for (const listener of [...this.#waiting]) {
      this.#waiting.delete(listener);
      listener();
    }
  }

  #kept(): Message[] {
    const oldest = this.#clock() - this.settings.retentionS * 1000;
    this.#messages = this.#messages.filter(({ sentAt }) => sentAt >= oldest);
    return this.#messages;
  }
}

/** Resolves when the queue may have a visible message, at `until` (ms since the epoch), or when the signal aborts. */
export const waitForMessages = async (
  queue: Queue,
  clock: StackClock,
  { until, signal }: { until: number; signal: AbortSignal },
): Promise<void> => {
  const changed = new AbortController();
  const stopListening = queue.onChange(() => {
    changed.abort();
  });
  const wakeAt = Math.min(until, queue.nextVisibleAt());
  await clock.sleep(wakeAt - clock.now(), AbortSignal.any([signal, changed.signal])).catch(() => undefined);
  stopListening();
};

export const checkRange = (name: string, value: number, [min, max]: readonly [number, number]): void => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new AwsJsonError("InvalidParameterValue", `${name} must be from ${min} to ${max}`);
};
