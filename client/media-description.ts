/** What is known of media by a look at its bytes. Whatever is not certain is absent. */
export interface MediaDescription {
  /** "MP4", "QuickTime", "WAV", ... */
  readonly container?: string | undefined;
  readonly durationSeconds?: number | undefined;
  readonly audioTracks?: number | undefined;
  readonly videoTracks?: number | undefined;
}

/** In words, such as `48 min, MP4, 1 audio track`; empty if nothing is known. */
export const describeMedia = ({ container, durationSeconds, audioTracks }: MediaDescription): string =>
  [
    durationSeconds === undefined ? undefined : describeDuration(durationSeconds),
    container,
    audioTracks === undefined ? undefined : (AUDIO_TRACKS[audioTracks] ?? `${audioTracks} audio tracks`),
  ]
    .filter((part) => part !== undefined)
    .join(", ");

const AUDIO_TRACKS: readonly string[] = ["no audio track", "1 audio track"];

/** `12 s`, `48 min`, `1 h 5 min` */
const describeDuration = (durationSeconds: number): string => {
  const seconds = Math.max(1, Math.round(durationSeconds));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};
