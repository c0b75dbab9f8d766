/** What a look at the bytes found. Whatever is not certain is absent. */
export interface MediaFacts {
  /** "MP4", "QuickTime", "WebM", "Matroska", "WAV", "MP3" and so on. */
  readonly container?: string;
  readonly durationS?: number;
  readonly audioTracks?: number;
  readonly videoTracks?: number;
  /** What it is instead of media, for a sentence: "a PDF document". */
  readonly notMedia?: string;
  /** Why it cannot be whole, for a sentence: "its index (moov) is missing". */
  readonly truncated?: string;
}

/** Facts while they are gathered: what was learned stays if the next step fails. */
export type Learning = { -readonly [Name in keyof MediaFacts]: MediaFacts[Name] };
