import { describe, expect, it } from "@jest/globals";
import { statSync } from "node:fs";
import { judge, lookAt, type MediaFacts } from "../../../../lib/media/preflight/preflight.ts";
import { sample, sampleNames, whole } from "./media-bytes.ts";

/** What is known of each sample, durations rounded to tenths of a second. What is not certain is not there. */
const EXPECTED: Readonly<Record<string, MediaFacts>> = {
  "moov-at-end.mp4": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "moov-first.mp4": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "late-clock.mp4": { container: "MP4", durationS: 2.1, audioTracks: 1, videoTracks: 1 },
  "two-languages.mp4": { container: "MP4", durationS: 2, audioTracks: 2, videoTracks: 1 },
  "subtitled.mp4": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "film.3gp": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "film.mov": { container: "QuickTime", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "pcm.mov": { container: "QuickTime", durationS: 1, audioTracks: 1, videoTracks: 0 },
  "aac.m4a": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 0 },
  "alac.m4a": { container: "MP4", durationS: 2, audioTracks: 1, videoTracks: 0 },
  "silent.mp4": { container: "MP4", durationS: 2, audioTracks: 0, videoTracks: 1 },
  "silent.mov": { container: "QuickTime", durationS: 2, audioTracks: 0, videoTracks: 1 },
  // The moov of a fragmented file lists its tracks, but knows at most the first fragment's duration.
  "fragmented.mp4": { container: "MP4", audioTracks: 1, videoTracks: 1 },
  "fragmented-samples-in-moov.mp4": { container: "MP4", audioTracks: 1, videoTracks: 1 },
  "silent-fragmented.mp4": { container: "MP4", audioTracks: 0, videoTracks: 1 },

  "film.webm": { container: "WebM", durationS: 2, audioTracks: 1, videoTracks: 1 },
  "recorded.webm": { container: "WebM", audioTracks: 1, videoTracks: 1 },
  "silent.webm": { container: "WebM", durationS: 2, audioTracks: 0, videoTracks: 1 },
  "film.mkv": { container: "Matroska", durationS: 2.1, audioTracks: 1, videoTracks: 1 },
  "sound.mka": { container: "Matroska", durationS: 2, audioTracks: 1 },
  "silent.mkv": { container: "Matroska", durationS: 2, audioTracks: 0, videoTracks: 1 },
  "two-languages.mkv": { container: "Matroska", durationS: 2, audioTracks: 2, videoTracks: 1 },
  // Its header says 95,002 s.
  "late-clock.mkv": { container: "Matroska", audioTracks: 1, videoTracks: 1 },

  "xing.mp3": { container: "MP3", durationS: 2.1, audioTracks: 1 },
  "no-id3.mp3": { container: "MP3", durationS: 2.1, audioTracks: 1 },
  "no-xing.mp3": { container: "MP3", audioTracks: 1 },
  "adts.aac": { container: "AAC", audioTracks: 1 },
  "pcm.wav": { container: "WAV", durationS: 1, audioTracks: 1 },
  "float.wav": { container: "WAV", durationS: 0.5, audioTracks: 1 },
  "rf64.wav": { container: "WAV", durationS: 1, audioTracks: 1 },
  "piped.wav": { container: "WAV", durationS: 1, audioTracks: 1 },
  "adpcm.wav": { container: "WAV" },
  "sound.flac": { container: "FLAC", durationS: 1, audioTracks: 1 },
  "vorbis.ogg": { container: "Ogg", audioTracks: 1 },
  "sound.opus": { container: "Ogg", audioTracks: 1 },
  "film.ogv": { container: "Ogg", audioTracks: 1 },
  "speex.spx": { container: "Ogg" },

  // From the first stamp to the last one, which is where the last frame begins.
  "film.m2t": { container: "MPEG-TS", durationS: 1.9, audioTracks: 1, videoTracks: 1 },
  "late-clock.m2t": { container: "MPEG-TS", durationS: 1.9, audioTracks: 1, videoTracks: 1 },
  "film.m2ts": { container: "MPEG-TS", durationS: 1.8, audioTracks: 1, videoTracks: 1 },
  "sound.m2t": { container: "MPEG-TS", durationS: 1.8, audioTracks: 1 },
  "silent.m2t": { container: "MPEG-TS", durationS: 1.8, videoTracks: 1 },

  "film.avi": {},
  "film.wmv": {},
  "film.mxf": {},
  "film.mpg": {},
  "film.flv": {},
  "sound.aiff": {},
  "sound.w64": {},
  "sound.au": {},
  "sound.ac3": {},
  "sound.amr": {},
};

const SILENT = ["silent.mp4", "silent.mov", "silent-fragmented.mp4", "silent.webm", "silent.mkv"];
const STRICT = { requireAudio: true, maxDurationS: 60 };

const rounded = ({ durationS, ...facts }: MediaFacts): MediaFacts =>
  durationS === undefined ? facts : { ...facts, durationS: Math.round(durationS * 10) / 10 };

describe("the samples of media", () => {
  it("are all known to this test, and small", () => {
    expect(Object.keys(EXPECTED).sort()).toEqual([...sampleNames].sort());
    const sizes = sampleNames.map((name) => sample(name).length);
    expect(Math.max(...sizes)).toBeLessThan(30_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600_000);
    expect(statSync(new URL("../../../media/make.sh", import.meta.url)).size).toBeGreaterThan(0);
  });

  it.each(Object.entries(EXPECTED))("says of %s what is certain: %j", async (name, expected) => {
    const media = whole(sample(name));
    const facts = await lookAt(media);
    expect(rounded(facts)).toEqual(expected);
    expect(media.spent.requests).toBeLessThanOrEqual(2);
    expect(media.spent.bytes).toBeLessThanOrEqual(36 * 1024);
  });

  it.each(sampleNames)("sends %s, unless it is a silent film", async (name) => {
    const facts = await lookAt(whole(sample(name)));
    expect(judge(facts, STRICT)?.type).toBe(SILENT.includes(name) ? "NO_AUDIO" : undefined);
    expect(judge(facts, { requireAudio: false })).toBeUndefined();
  });

  it.each(sampleNames)("takes no beginning of %s for something else than media", async (name) => {
    const bytes = sample(name);
    for (let length = 0; length < bytes.length; length += length < 100 ? 1 : 997) {
      const facts = await lookAt(whole(bytes.subarray(0, length)));
      // A beginning of a few characters is text like any other.
      if (length > 16) expect([length, facts.notMedia]).toEqual([length, undefined]);
      if (!/\.(?:mp4|mov|m4a|3gp)$/.test(name)) expect([length, facts.truncated]).toEqual([length, undefined]);
    }
  });
});
