import { defined } from "../../lib/defined.ts";
import type { Config } from "../../lib/config.ts";
import type { Looked, MeasuredMedia } from "../../lib/delivery/machine/protocol.ts";
import type { MediaStore } from "../../lib/media/bucket.ts";
import { judge, lookAt } from "../../lib/media/preflight/preflight.ts";
import type { Observability } from "../../lib/observability.ts";
import type { Runtime } from "../../lib/runtime.ts";

/** A doubt costs no more than this; the look runs beside the question to cielo24. */
const LOOK_MS = 5_000;

interface Looking extends Pick<Runtime, "sleep"> {
  readonly store: Pick<MediaStore, "read">;
  readonly rules: Pick<Config, "preflight" | "requireAudio" | "maxMediaDurationS">;
}

/**
 * A look at an object's bytes before a job is spent on them. Never rejects: without an answer in time, it knows less.
 *
 * @returns undefined if the stage does not look
 */
export const createLook = ({ store, rules, sleep }: Looking) => {
  const { preflight, requireAudio, maxMediaDurationS } = rules;
  if (preflight === "off") return undefined;
  const maxDurationS = maxMediaDurationS === 0 ? Infinity : maxMediaDurationS;

  return async ({ media, sizeBytes }: MeasuredMedia, { log }: Observability): Promise<Looked> => {
    const facts = await withinTime(sleep, (signal) =>
      lookAt({ sizeBytes, read: (start, end) => store.read(media, start, end, signal) }),
    );
    const { container, durationS, audioTracks, videoTracks } = facts;
    const look = defined({ container, durationS, audioTracks, videoTracks });
    const found = judge(facts, { requireAudio: true, maxDurationS });
    if (!found) return { look };
    const error = { type: found.type, comment: found.message };
    const isEnforced = preflight === "enforce" && (found.type !== "NO_AUDIO" || requireAudio);
    log.warn(isEnforced ? "the media is not worth a job" : "the media may not be worth its job", {
      errorType: found.type,
    });
    return isEnforced ? { look, verdict: error } : { look: { ...look, concern: error } };
  };
};

/** Aborts the signal once the time is over, or the runtime ends. */
const withinTime = async <T>(sleep: Runtime["sleep"], act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const [over, done] = [new AbortController(), new AbortController()];
  const limit = sleep(LOOK_MS, done.signal).catch(() => undefined);
  void limit.then(() => {
    over.abort();
  });
  try {
    return await act(over.signal);
  } finally {
    done.abort();
    await limit;
  }
};
