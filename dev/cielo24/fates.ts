import { ANY_ACTION, type Fault } from "./faults.ts";

/** What becomes of the media of a sample job, as a sentence of its cielo24. The page shows these, too. */
export const FATES = {
  rejects: "cielo24 refuses the media",
  "never-answers": "cielo24 takes the media and does not answer, until a gateway gives up",
  down: "cielo24 is down for two minutes from the first call about the job",
  "needs-review": "cielo24's answer is lost at the last attempt",
  slow: "cielo24 takes half a minute over the media",
} as const;

export type Fate = keyof typeof FATES;

export const isFate = (text: string): text is Fate => Object.hasOwn(FATES, text);

const DOWN_MS = 2 * 60_000;
const SLOW_MS = 30_000;
/** A delivery waits for an answer for up to 15 minutes; a person should not have to. */
const GATEWAY_MS = 5_000;

/** How often a fault hits: each call about the job, for good. */
const ALWAYS = { times: Infinity };

/** The fault of the simulated cielo24 that makes a job's fate. */
export const faultOf = (fate: Fate, jobId: string): Fault => {
  const addMedia = { action: "job/add_media", jobId, ...ALWAYS };
  switch (fate) {
    case "rejects": {
      const refusal = { ErrorType: "INVALID_QUERY", ErrorComment: "The file holds no media that can be captioned." };
      return { ...addMedia, kind: "answer", status: 400, body: JSON.stringify(refusal) };
    }
    case "never-answers":
      return { ...addMedia, kind: "answer", status: 504, afterMs: GATEWAY_MS };
    case "down":
      return { action: ANY_ACTION, jobId, kind: "away", forMs: DOWN_MS, fromFirstHit: true };
    case "needs-review":
      // A gateway that gave up waiting: nobody knows what became of the request behind it.
      return { ...addMedia, kind: "answer", status: 504 };
    case "slow":
      return { ...addMedia, kind: "slowReading", overMs: SLOW_MS };
  }
};
