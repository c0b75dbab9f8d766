/** Samples a second, of one byte each. */
const RATE = 8_000;
const HEADER_BYTES = 44;

/** A second of a tone as WAV, 8 KB. Different frequencies give different bytes. */
export const makeTone = (frequencyHz: number): Buffer<ArrayBuffer> => {
  const wav = Buffer.alloc(HEADER_BYTES + RATE);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // one channel
  wav.writeUInt32LE(RATE, 24);
  wav.writeUInt32LE(RATE, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34); // bits of a sample
  wav.write("data", 36);
  wav.writeUInt32LE(RATE, 40);
  for (let at = 0; at < RATE; at += 1)
    wav[HEADER_BYTES + at] = 128 + Math.round(64 * Math.sin((2 * Math.PI * frequencyHz * at) / RATE));
  return wav;
};
