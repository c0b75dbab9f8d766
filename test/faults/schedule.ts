import fc from "fast-check";
import { ANY_ACTION, type Fault as Cielo24Fault } from "../../dev/cielo24/faults.ts";
import type { Spell } from "../../dev/fault-list.ts";
import type { S3Fault } from "../../dev/s3/faults.ts";
import type { Contents } from "./contents.ts";

/** What happens to one job, and what goes wrong meanwhile. Only data, so a failing one can be shrunk and replayed. */
export interface Schedule {
  readonly resendAfterUnknown: boolean;
  readonly resendAfterServerError: boolean;
  /** Objects are handed over by URL instead of being streamed. */
  readonly handsOver: boolean;
  readonly preflight: "enforce" | "report" | "off";
  readonly dropSettleS: number;
  /** Instances that take messages at the same time. */
  readonly workers: number;
  /** How far the instances' clocks are ahead, in seconds. */
  readonly clocksAheadS: readonly number[];
  /** How late job/info shows accepted media. */
  readonly jobInfoLagMin: number;
  /** The operator's decisions, in order: "reject" if a person is asked, "resend" also if media is rejected. */
  readonly decisions: readonly ("resend" | "reject")[];
  readonly acts: readonly Act[];
  readonly faults: readonly Fault[];
}

/** An act from outside. It happens once so many chunks have passed, or earlier if nothing else happens. */
export type Act = { readonly after: number } & (
  | {
      readonly do: "drop";
      readonly name: DropName;
      readonly sizeBytes: number;
      readonly as: DropKind;
      /** How late its event comes. */
      readonly lateS: number;
    }
  | { readonly do: "call"; readonly media: "url" | "body" }
  /** The event of the first drop comes once more. */
  | { readonly do: "repeatEvent"; readonly delayS: number }
  /** Puts a delete marker. */
  | { readonly do: "removeObject"; readonly name: DropName }
  /** Removes the current version for good, so that the one below is current again. */
  | { readonly do: "removeVersion"; readonly name: DropName }
  | { readonly do: "expireTokens" }
  | { readonly do: "rotateSecret" }
  | { readonly do: "takeCensus" }
  /** The next act does not happen sooner; messages are taken meanwhile. */
  | { readonly do: "wait"; readonly seconds: number }
  /** No message is taken for this long. */
  | { readonly do: "rest"; readonly minutes: number }
);

/** The object's name in the job's folder. `signed`: under a key as signed uploads have it. */
export type DropName = "a.mp4" | "b.mp4" | "c.mp4" | "signed" | "film.srt" | ".DS_Store";

/**
 * `form`: it was uploaded as one, and its bytes are the envelope. `archived`: its storage class cannot be read. `copy`: it
 * holds what the first drop holds. The others are named by what they hold.
 */
export type DropKind = Exclude<Contents, "envelope"> | "form" | "archived" | "copy";

/** Something that goes wrong. */
export type Fault =
  /** To the chunk of that number between the instances and one of their upstreams, or all: what any of them says or hears. */
  | { readonly at: number; readonly on: "any" | "cielo24" | "aws"; readonly chunk: ChunkFault }
  | { readonly cielo24: Cielo24Fault }
  | { readonly s3: Omit<S3Fault, "atByte"> & { readonly fraction?: number } }
  | { readonly aws: { readonly action: string; readonly kind: AwsFaultKind; readonly times: number } }
  /** EventBridge accepts the call but refuses the entry. */
  | { readonly refusedEntries: number };

type ChunkFault =
  /** With `lateMs`, the chunk is still on its way, and arrives so much later. */
  | { readonly do: "kill"; readonly side: "before" | "behind"; readonly lateMs: number }
  | { readonly do: "cut"; readonly side: "before" | "behind" }
  | { readonly do: "hold"; readonly ms: number };

type AwsFaultKind = "unavailable" | "throttled" | "reset" | "answerLost" | "hang";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The default of `serverErrorSettleS`. Beyond it, the assumption of `resendAfterServerError` is wrong. */
export const SERVER_ERROR_SETTLE_MS = 6 * HOUR_MS;
/** A message's age ends after six days. */
export const AGE_MS = 6 * 24 * HOUR_MS;
/** Faults have to end this long before that age for the drop to be delivered without a person. */
export const LEAST_PEACE_MS = 13 * HOUR_MS;

/** A drop takes about 20 chunks if nothing goes wrong. */
const CHUNKS = 60;
const CHUNK_BYTES = 64 * 1024;
/** Together with job/info's own delay, less than the half hour that the delivery waits for sent media. */
export const LATEST_MS = 14 * MINUTE_MS;

const side = fc.constantFrom("before" as const, "behind" as const);
const at = fc.nat(CHUNKS);
const refusal = (ErrorType: string) => JSON.stringify({ ErrorType, ErrorComment: "Said so." });

const kill = fc.record({
  do: fc.constant("kill" as const),
  side,
  lateMs: fc.constantFrom(0, 0, MINUTE_MS, LATEST_MS),
});
/** The end that is hardest to recognise: the process dies while the last chunk is on its way. */
const lastWord: fc.Arbitrary<Fault> = fc.record({
  on: fc.constant("cielo24" as const),
  at: fc.integer({ min: 4, max: 9 }),
  chunk: fc.record({
    do: fc.constant("kill" as const),
    side: fc.constant("behind" as const),
    lateMs: fc.constantFrom(LATEST_MS, 0),
  }),
});
const chunkFault: fc.Arbitrary<Fault> = fc
  .record({
    place: fc.oneof(
      fc.record({ on: fc.constant("any" as const), at }),
      // Few chunks go to cielo24, and they are the ones that matter most.
      fc.record({ on: fc.constant("cielo24" as const), at: fc.nat(12) }),
      fc.record({ on: fc.constant("aws" as const), at: fc.nat(40) }),
    ),
    chunk: fc.oneof(
      { weight: 3, arbitrary: kill },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("cut" as const), side }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("hold" as const),
          ms: fc.constantFrom(100, 3_000, 6_000, MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 60 * MINUTE_MS),
        }),
      },
    ),
  })
  .map(({ place, chunk }) => ({ ...place, chunk }));

const POST = "POST job/add_media";
const merge = <A, B>([a, b]: readonly [A, B]): A & B => ({ ...a, ...b });
const lasting = <T>(what: fc.Arbitrary<T>, how: fc.Arbitrary<Spell>): fc.Arbitrary<T & Spell> =>
  fc.tuple(what, how).map(merge);
const times = fc.integer({ min: 1, max: 4 });
const cielo24Fault: fc.Arbitrary<Fault> = fc
  .oneof(
    fc.record({
      action: fc.constantFrom(POST, "job/add_media", "job/info", "account/login"),
      kind: fc.constant("answer" as const),
      status: fc.constantFrom(500, 502, 503, 504, 429, 401, 302),
      headers: fc.constantFrom({}, { "retry-after": "7" }, { "retry-after": "soon" }),
      times,
    }),
    fc.record({
      action: fc.constantFrom(POST, "job/info"),
      kind: fc.constant("answer" as const),
      status: fc.constant(400),
      body: fc.constantFrom(refusal("INVALID_QUERY"), refusal("ITEM_NOT_FOUND"), refusal("NEWS"), "<html>no</html>"),
    }),
    fc.record({
      action: fc.constant(POST),
      kind: fc.constant("earlyAnswer" as const),
      status: fc.constantFrom(400, 503),
      body: fc.constantFrom(refusal("INVALID_OPTION"), "<html>no</html>"),
      reset: fc.boolean(),
    }),
    fc.record({
      action: fc.constant(POST),
      kind: fc.constant("resetAt" as const),
      fraction: fc.constantFrom(0, 0.5, 0.99, 1),
      times,
    }),
    fc.record({
      action: fc.constant("job/add_media"),
      kind: fc.constant("resetAfterBody" as const),
      accepts: fc.boolean(),
    }),
    fc.record({
      action: fc.constant(POST),
      kind: fc.constant("stopReading" as const),
      fraction: fc.constantFrom(0, 0.5),
    }),
    fc.record({
      action: fc.constant("job/add_media"),
      kind: fc.constant("uselessAnswer" as const),
      answer: fc.constantFrom("truncated" as const, "badJson" as const, "noTaskId" as const, "empty" as const),
    }),
  )
  .map((cielo24) => ({ cielo24 }));

const PAGE = "<html><body>Service</body></html>";
const ACCOUNT_ERRORS = ["ACCOUNT_UNPRIVILEGED", "ACCOUNT_DOES_NOT_EXIST", "NOT_IMPLEMENTED", "NOT_PARENT_ACCOUNT"];
const answer = fc.constant("answer" as const);
const early = fc.constant("earlyAnswer" as const);
const question = fc.constantFrom("job/info", "account/login");
const emptyBody = fc.constant("");

const forHours = (...hours: number[]): fc.Arbitrary<Spell> =>
  fc.constantFrom(...hours).map((each) => ({ forMs: each * HOUR_MS }));
const forTimes: fc.Arbitrary<Spell> = fc.integer({ min: 1, max: 5 }).map((count) => ({ times: count }));
const spell = fc.oneof(
  { weight: 4, arbitrary: forTimes },
  { weight: 4, arbitrary: forHours(0.25, 1) },
  { weight: 1, arbitrary: forHours(5) },
);

const impatient = fc.constantFrom("0", "1", "30").map((seconds) => ({ "retry-after": seconds }));
const page = {
  status: fc.constantFrom(200, 302, 401, 403, 404, 413),
  body: fc.constant(PAGE),
  headers: fc.constant({ "content-type": "text/html" }),
};
/** cielo24's own errors after a body that it has read. */
const answeredError = fc.oneof(
  fc.record({ status: fc.constantFrom(429, 500, 502, 503), headers: fc.oneof(fc.constant({}), impatient) }),
  fc.constant({ status: 400, body: refusal("UNHANDLED_ERROR") }),
);

/** How cielo24, or a proxy in front of it, behaves for a while. */
const habit: fc.Arbitrary<Cielo24Fault> = fc.oneof(
  {
    weight: 3,
    arbitrary: lasting(
      fc.record({ action: question, kind: answer, status: fc.constantFrom(429, 503), headers: impatient }),
      spell,
    ),
  },
  {
    weight: 2,
    arbitrary: lasting(
      fc.record({
        action: fc.constant(POST),
        kind: early,
        status: fc.constantFrom(429, 500, 503),
        body: emptyBody,
        headers: impatient,
      }),
      spell,
    ),
  },
  { weight: 2, arbitrary: lasting(fc.record({ action: question, kind: answer, ...page }), spell) },
  { weight: 1, arbitrary: lasting(fc.record({ action: fc.constant(POST), kind: early, ...page }), spell) },
  // After the body, or to a URL: its meaning is unknown.
  { weight: 1, arbitrary: fc.record({ action: fc.constant("job/add_media"), kind: answer, ...page }) },
  {
    weight: 2,
    arbitrary: lasting(
      fc.record({
        action: fc.constantFrom("job/info", "account/login", "job/add_media"),
        kind: answer,
        status: fc.constant(400),
        body: fc.constantFrom(...ACCOUNT_ERRORS).map(refusal),
      }),
      fc.oneof({ weight: 8, arbitrary: forHours(1, 3) }, { weight: 1, arbitrary: forHours(20) }),
    ),
  },
  {
    weight: 1,
    arbitrary: lasting(
      fc.record({
        action: fc.constant("job/info"),
        kind: answer,
        status: fc.constant(400),
        body: fc.constant(refusal("ITEM_NOT_FOUND")),
      }),
      fc.oneof({ weight: 8, arbitrary: forHours(1, 3) }, { weight: 1, arbitrary: forHours(20, 40) }),
    ),
  },
  {
    weight: 3,
    arbitrary: lasting(
      fc.tuple(fc.record({ action: fc.constant(POST), kind: answer }), answeredError).map(merge),
      // Between such answers lie 6, 12, 24 and 36 hours of questions.
      fc.oneof({ weight: 8, arbitrary: forHours(1) }, { weight: 1, arbitrary: fc.oneof(forTimes, forHours(20)) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.record({
          action: fc.constantFrom(POST, "job/add_media"),
          kind: fc.constant("acceptsBehindError" as const),
        }),
        answeredError,
      )
      .map(merge),
  },
);

/** All requests fail until a time, at least 13 hours before a message's age ends. The longest take seconds to play. */
const outageSpell = fc.oneof(
  { weight: 30, arbitrary: forHours(2, 8) },
  { weight: 4, arbitrary: forHours(30) },
  { weight: 1, arbitrary: forHours(130) },
);
const outage: fc.Arbitrary<Cielo24Fault> = fc.oneof(
  lasting(
    fc.record({
      action: fc.constantFrom(ANY_ACTION, "job/info", POST),
      kind: fc.constant("away" as const),
    }),
    outageSpell,
  ),
  lasting(fc.record({ action: question, kind: answer, status: fc.constant(503) }), outageSpell),
  lasting(
    fc.record({ action: fc.constant(POST), kind: early, status: fc.constant(503), body: emptyBody }),
    outageSpell,
  ),
);

/**
 * cielo24 answers with an error, yet accepts and shows the medium hours later: within the time that
 * `resendAfterServerError` assumes, or after it.
 */
const slowAcceptance: fc.Arbitrary<Cielo24Fault> = fc
  .tuple(
    fc.record({
      action: fc.constant(POST),
      kind: fc.constant("acceptsBehindError" as const),
      shownAfterMs: fc.constantFrom(1, 3, 5.9, 7, 20, 60).map((hours) => hours * HOUR_MS),
    }),
    answeredError,
  )
  .map(merge);

const storeRefusal: fc.Arbitrary<Fault> = lasting(
  fc.record({
    operation: fc.constantFrom("GetObject", "HeadObject"),
    kind: fc.constantFrom("accessDenied" as const, "kmsDisabled" as const),
  }),
  spell,
).map((s3) => ({ s3 }));

const s3Fault: fc.Arbitrary<Fault> = fc
  .record({
    operation: fc.constantFrom("GetObject", "HeadObject"),
    kind: fc.constantFrom(
      "slowDown" as const,
      "internalError" as const,
      "reset" as const,
      "resetAfterBytes" as const,
      "stallAfterBytes" as const,
      "truncate" as const,
    ),
    fraction: fc.constantFrom(0, 0.5, 0.99),
    times,
  })
  .map((s3) => ({ s3 }));

const awsFault: fc.Arbitrary<Fault> = fc
  .record({
    action: fc.constantFrom(
      "GetItem",
      "UpdateItem",
      "UpdateItem",
      "PutEvents",
      "ChangeMessageVisibility",
      "SendMessage",
      "GetSecretValue",
    ),
    kind: fc.constantFrom("unavailable", "throttled", "reset", "answerLost", "hang"),
    // The SDK tries three times by itself.
    times: fc.constantFrom(1, 3, 6),
  })
  .map((aws) => ({ aws }));

const refusedEntries: fc.Arbitrary<Fault> = fc.integer({ min: 1, max: 3 }).map((count) => ({ refusedEntries: count }));

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 12, arbitrary: chunkFault },
  { weight: 2, arbitrary: lastWord },
  { weight: 6, arbitrary: cielo24Fault },
  { weight: 6, arbitrary: habit.map((cielo24) => ({ cielo24 })) },
  { weight: 1, arbitrary: outage.map((cielo24) => ({ cielo24 })) },
  { weight: 4, arbitrary: awsFault },
  { weight: 2, arbitrary: s3Fault },
  { weight: 1, arbitrary: storeRefusal },
  { weight: 2, arbitrary: refusedEntries },
);

/**
 * Faults beside a slow acceptance. None of them keeps its error from being received or recorded: after a lost answer,
 * the delivery assumes that the medium shows within half an hour.
 */
const faultBesideSlowness: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: cielo24Fault },
  { weight: 3, arbitrary: habit.map((cielo24) => ({ cielo24 })) },
  { weight: 1, arbitrary: s3Fault },
  { weight: 1, arbitrary: refusedEntries },
);

const faults: fc.Arbitrary<Fault[]> = fc.oneof(
  { weight: 19, arbitrary: fc.array(fault, { maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(slowAcceptance, fc.array(faultBesideSlowness, { maxLength: 2 }))
      .map(([cielo24, others]) => [{ cielo24 }, ...others]),
  },
);

const sizeBytes = fc.constantFrom(1_000, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 0);
const mediaName = fc.oneof(
  { weight: 10, arbitrary: fc.constant("a.mp4" as const) },
  { weight: 8, arbitrary: fc.constant("b.mp4" as const) },
  { weight: 3, arbitrary: fc.constantFrom("c.mp4" as const, "signed" as const) },
);
const name = fc.oneof(
  { weight: 12, arbitrary: mediaName },
  { weight: 1, arbitrary: fc.constantFrom("film.srt" as const, ".DS_Store" as const) },
);
const lateS = fc.constantFrom(0, 0, 0, 0, 0, 10, 45, 600);
const drop = fc.record({
  after: at,
  do: fc.constant("drop" as const),
  name,
  sizeBytes,
  as: fc.oneof(
    { weight: 40, arbitrary: fc.constant("opaque" as const) },
    { weight: 6, arbitrary: fc.constantFrom("film" as const, "film" as const, "silent" as const) },
    { weight: 3, arbitrary: fc.constant("copy" as const) },
    { weight: 3, arbitrary: fc.constantFrom("subtitle" as const, "zip" as const, "cutOff" as const) },
    { weight: 1, arbitrary: fc.constantFrom("form" as const, "archived" as const) },
  ),
  lateS,
});
const wait = fc.record({
  after: fc.constant(0),
  do: fc.constant("wait" as const),
  seconds: fc.constantFrom(3, 20, 29, 31, 60, 899, 901),
});
/** A key is written in several goes: a placeholder, what came until an interruption, the file, the file once more. */
const rewritten = fc.array(
  fc.record({
    pause: fc.option(wait, { nil: undefined }),
    sizeBytes: fc.constantFrom(0, 1, 1_000, CHUNK_BYTES),
    as: fc.constantFrom("opaque" as const, "opaque" as const, "film" as const, "cutOff" as const, "copy" as const),
    lateS,
  }),
  { minLength: 1, maxLength: 3 },
);
type Rewritten = typeof rewritten extends fc.Arbitrary<infer T> ? T : never;
const rewrite = (first: Act, versions: Rewritten): Act[] =>
  versions.flatMap(({ pause, ...version }) => [
    ...(pause ? [pause] : []),
    { after: 0, do: "drop", name: first.do === "drop" ? first.name : "a.mp4", ...version },
  ]);
const call = fc.record({
  after: at,
  do: fc.constant("call" as const),
  media: fc.constantFrom("url" as const, "body" as const),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: drop },
  { weight: 2, arbitrary: call },
  {
    weight: 3,
    arbitrary: fc.record({
      after: at,
      do: fc.constant("repeatEvent" as const),
      delayS: fc.constantFrom(0, 0, 60, 900),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      after: at,
      do: fc.constantFrom("removeObject" as const, "removeObject" as const, "removeVersion" as const),
      name: mediaName,
    }),
  },
  { weight: 1, arbitrary: wait.chain((each) => at.map((after) => ({ ...each, after }))) },
  { weight: 1, arbitrary: fc.record({ after: at, do: fc.constant("expireTokens" as const) }) },
  { weight: 1, arbitrary: fc.record({ after: at, do: fc.constant("rotateSecret" as const) }) },
  { weight: 1, arbitrary: fc.record({ after: at, do: fc.constant("takeCensus" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      after: at,
      do: fc.constant("rest" as const),
      minutes: fc.constantFrom(10, 60, 6 * 60, 6 * 24 * 60 + 60, 8 * 24 * 60),
    }),
  },
);

const killed: fc.Arbitrary<Fault> = fc.record({
  on: fc.constant("any" as const),
  at: fc.integer({ min: 1, max: 40 }),
  chunk: kill,
});

/** Any schedule. With `isKilled`, one instance alone does the work, and is killed for certain if it works long enough. */
export const schedules = ({ isKilled }: { isKilled: boolean }): fc.Arbitrary<Schedule> =>
  fc
    .record({
      resendAfterUnknown: fc.boolean(),
      resendAfterServerError: fc.constantFrom(true, true, true, false),
      handsOver: fc.boolean().chain((mayBe) => (mayBe ? fc.boolean() : fc.constant(false))),
      preflight: fc.constantFrom("enforce", "enforce", "enforce", "report", "off"),
      dropSettleS: fc.constantFrom(30, 30, 30, 0, 900),
      workers: isKilled ? fc.constant(1) : fc.constantFrom(2, 1, 3),
      clocksAheadS: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom(0, 0, 150, 300))),
      jobInfoLagMin: fc.constantFrom(0, 0, 5, 15, 15),
      decisions: fc.constantFrom<Schedule["decisions"]>([], [], [], ["resend"], ["resend", "resend"], ["reject"]),
      first: fc.oneof({ weight: 5, arbitrary: drop }, { weight: 1, arbitrary: call }),
      versions: fc.oneof({ weight: 5, arbitrary: fc.constant<Rewritten>([]) }, { weight: 1, arbitrary: rewritten }),
      more: fc.array(act, { maxLength: 3 }),
      faults: isKilled ? fc.array(fault, { maxLength: 4 }) : faults,
      ...(isKilled ? { kill: killed } : {}),
    })
    .map(({ first, versions, more, faults: others, kill: end, ...rest }) => ({
      ...rest,
      acts: [{ ...first, after: 0 }, ...rewrite(first, versions), ...more],
      faults: [...(end ? [end] : []), ...others],
    }));
