import { describe, expect, it } from "@jest/globals";
import { judge } from "../../../../lib/media/preflight/preflight.ts";

const FILM = { container: "MP4", durationS: 3600, audioTracks: 1, videoTracks: 1 };

describe("judge", () => {
  it("sends whatever nothing is known of", () => {
    expect(judge({}, { requireAudio: true, maxDurationS: 1 })).toBeUndefined();
  });

  it("says what was found, and what to do", () => {
    const rules = { requireAudio: true, maxDurationS: 3600 };
    const facts = [
      { notMedia: "a PDF document" },
      { ...FILM, truncated: "its index (moov) is missing" },
      { ...FILM, audioTracks: 0 },
      { ...FILM, durationS: 3723.9 },
    ];
    expect(facts.map((found) => judge(found, rules))).toEqual([
      { type: "NOT_MEDIA", message: "This is a PDF document, not audio or video. Upload the media file itself." },
      {
        type: "MEDIA_INCOMPLETE",
        message: "The file is cut off: its index (moov) is missing. Upload the whole file again.",
      },
      { type: "NO_AUDIO", message: "The file has video, but no audio track. Upload one that has sound." },
      {
        type: "MEDIA_TOO_LONG",
        message: "The media lasts 1:02:03, and at most 1:00:00 is taken. Cut it up for several jobs.",
      },
    ]);
  });

  it("takes silent films where sound is not required, as for audio description", () => {
    expect(judge({ ...FILM, audioTracks: 0 }, { requireAudio: false })).toBeUndefined();
  });

  it("misses no sound in a file of which no video is known, or nothing of its sound", () => {
    expect(judge({ container: "MP4", audioTracks: 0, videoTracks: 0 }, { requireAudio: true })).toBeUndefined();
    expect(judge({ container: "MPEG-TS", videoTracks: 1 }, { requireAudio: true })).toBeUndefined();
  });

  it("allows the second by which an encoder fills up the last frame", () => {
    const rules = { requireAudio: true, maxDurationS: 3600 };
    expect(judge({ ...FILM, durationS: 3600.9 }, rules)).toBeUndefined();
    expect(judge({ ...FILM, durationS: 3601 }, rules)).toMatchObject({ type: "MEDIA_TOO_LONG" });
  });
});
