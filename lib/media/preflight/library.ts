/* eslint-disable no-control-regex -- headers are made of control characters */
import * as bunny from "mediabunny";
import { latin1, type LookedAt } from "./bytes.ts";
import type { Learning } from "./facts.ts";
import { layoutOf, readClock } from "./transport-stream.ts";

/** AVI, AIFF, Wave64, ASF, FLV, AMR, Sun audio, MXF and MPEG: mediabunny takes sound within some of them for an MP3. */
const OTHER_MEDIA =
  /^(?:RIFF[^]{4}AVI |FORM[^]{4}AIF|riff\x2e\x91|\x30\x26\xb2\x75|FLV\x01|#!AMR|\.snd|\x06\x0e\x2b\x34|\0\0\x01[\xb3\xba])/;

/** Where mediabunny's own name is not the usual one. */
const NAMES: Record<string, string> = { WAVE: "WAV", ADTS: "AAC", "MPEG Transport Stream": "MPEG-TS" };

/**
 * Damaged files can make mediabunny ask for the same bytes for ever, without a pause in which a timer could fire. For a
 * transport stream it asks once a packet, 11,000 times in 2 MiB; for others, a few hundred times at most.
 */
const MOST_CALLS = { packets: 20_000, others: 1_000 };

/**
 * Adds what mediabunny says of the containers that have no boxes, as far as it is certain. Resolves to whether mediabunny
 * knows the container. Rejects if it cannot read on; what was learned by then is certain all the same.
 */
export const learnFromLibrary = async (look: LookedAt, beginning: Uint8Array, facts: Learning): Promise<boolean> => {
  // It would print what it makes of foreign files.
  bunny.Logging.level = bunny.LogLevel.Silent;
  if (OTHER_MEDIA.test(latin1(beginning))) return true;
  const packets = layoutOf(beginning);
  let callsLeft = packets ? MOST_CALLS.packets : MOST_CALLS.others;
  const input = new bunny.Input({
    // mediabunny sees a transport stream in any two bytes `G` that are 188 apart, even in text.
    formats: packets
      ? [bunny.MPEG_TS]
      : [bunny.MATROSKA, bunny.WEBM, bunny.WAVE, bunny.OGG, bunny.FLAC, bunny.MP3, bunny.ADTS],
    source: new bunny.CustomSource({
      getSize: () => look.sizeBytes,
      read: (start, end) => {
        callsLeft -= 1;
        return callsLeft < 0 ? Promise.reject(new Error("mediabunny goes round in circles.")) : look.read(start, end);
      },
      // It remembers nothing, so that it cannot go round without a call.
      maxCacheSize: 0,
      handleUnhandledError: () => undefined,
    }),
  });
  try {
    // It fails on files of a few bytes.
    if (!(await input.canRead().catch(() => false))) return false;
    const format = await input.getFormat();
    const isMatroska = format === bunny.MATROSKA || format === bunny.WEBM;
    facts.container = NAMES[format.name] ?? format.name;
    if (packets) learnDuration(facts, await readClock(look, packets));
    const tracks = await input.getTracks();
    const count = (type: string) => tracks.filter((track) => track.type === type).length;
    if (count("video") > 0) facts.videoTracks = count("video");
    if (count("audio") > 0 || (isMatroska && !look.seen(AUDIO_CODEC))) facts.audioTracks = count("audio");
    // Without a header mediabunny takes the bit rate of an MP3's first frame for that of all.
    const isCertain =
      format === bunny.MP3 ? look.seen(XING) !== undefined : isMatroska ? startTicks(look) <= LATEST_START_TICKS : true;
    if (isCertain && !packets) learnDuration(facts, await input.getDurationFromMetadata(tracks));
    return true;
  } finally {
    input.dispose();
  }
};

const learnDuration = (facts: Learning, durationS: number | null | undefined): void => {
  if (durationS && durationS > 0 && Number.isFinite(durationS)) facts.durationS = durationS;
};

/** The name of an audio codec of Matroska. mediabunny leaves out tracks that are compressed, encrypted or disabled. */
const AUDIO_CODEC = /A_[A-Z]{2}/;

/** A frame's header, the side information of a frame without sound, and the name of the header of the whole file. */
const XING = /\xff[\xe0-\xff][^]{2}(?:\0{9}|\0{17}|\0{32})(?:Xing|Info)/;

/**
 * Matroska's duration is the time at its end. In a minute that was cut out of a day's recording with its clock, this is a
 * day. A tick is a millisecond in nearly all files.
 */
const LATEST_START_TICKS = 1000;

/** A cluster, maybe a checksum, and the cluster's time: how many bytes it has, and them. */
const CLUSTER = /\x1f\x43\xb6\x75[^]{1,8}?(?:\xbf\x84[^]{4})?\xe7([\x81-\x88])([^]{8})/;

/** The time of the first cluster, or Infinity where none was seen. */
const startTicks = (look: LookedAt): number => {
  const [, length = "", time = ""] = look.seen(CLUSTER) ?? [];
  let ticks = length === "" ? Infinity : 0;
  for (let at = 0; at < (length.charCodeAt(0) & 0x0f); at += 1) ticks = ticks * 256 + time.charCodeAt(at);
  return ticks;
};
