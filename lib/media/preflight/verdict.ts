import type { MediaFacts } from "./facts.ts";

export interface MediaVerdict {
  readonly type: "NOT_MEDIA" | "MEDIA_INCOMPLETE" | "NO_AUDIO" | "MEDIA_TOO_LONG";
  /** What was found, and what to do. Says nothing of what is in the file. */
  readonly message: string;
}

export interface PreflightRules {
  /** Whether media must have sound. */
  readonly requireAudio: boolean;
  readonly maxDurationS?: number;
}

/** Encoders fill up the last frame, so a film that was cut to the second is a little longer. */
const TOLERATED_EXCESS_S = 1;

/** The reason why these bytes should not spend a job, or undefined: they are sent. */
export const judge = (facts: MediaFacts, rules: PreflightRules): MediaVerdict | undefined => {
  const { notMedia, truncated, audioTracks, videoTracks = 0, durationS = 0 } = facts;
  const { requireAudio, maxDurationS = Infinity } = rules;
  if (notMedia !== undefined)
    return { type: "NOT_MEDIA", message: `This is ${notMedia}, not audio or video. Upload the media file itself.` };
  if (truncated !== undefined)
    return { type: "MEDIA_INCOMPLETE", message: `The file is cut off: ${truncated}. Upload the whole file again.` };
  if (requireAudio && audioTracks === 0 && videoTracks > 0)
    return { type: "NO_AUDIO", message: "The file has video, but no audio track. Upload one that has sound." };
  if (durationS < maxDurationS + TOLERATED_EXCESS_S) return undefined;
  const found = `The media lasts ${showDuration(durationS)}, and at most ${showDuration(maxDurationS)} is taken.`;
  return { type: "MEDIA_TOO_LONG", message: `${found} Cut it up for several jobs.` };
};

/** As hours, minutes and seconds: `1:02:03`. */
const showDuration = (durationS: number): string => {
  const pair = (count: number) => String(Math.floor(count) % 60).padStart(2, "0");
  return `${Math.floor(durationS / 3600)}:${pair(durationS / 60)}:${pair(durationS)}`;
};
