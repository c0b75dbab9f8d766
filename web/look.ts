import type { MediaDescription } from "../client/index.ts";
import type { MediaVerdict } from "../lib/media/preflight/preflight.ts";

/** What a look into a chosen file has found. */
export interface FileLook {
  readonly media: MediaDescription;
  /** What is wrong with the file, by the same rules as the proxy's. Absent if nothing is, or if that is in doubt. */
  readonly verdict?: MediaVerdict | undefined;
}

/** Files may lie on slow network drives; the proxy looks again, anyway. */
const LOOK_MS = 5_000;

/**
 * Reads a few small parts of the file, as the proxy does once it has arrived. Never rejects: without an answer in time, it
 * knows less. What reads media is loaded with the first file, so that the page starts without it.
 */
export const lookInto = async (file: Blob): Promise<FileLook> => {
  try {
    const { judge, lookAt } = await import("../lib/media/preflight/preflight.ts");
    const timeout = AbortSignal.timeout(LOOK_MS);
    const isLate = new Promise<never>((_resolve, reject) => {
      timeout.addEventListener("abort", () => {
        reject(new Error("The file is read too slowly."));
      });
    });
    const facts = await lookAt({
      sizeBytes: file.size,
      read: async (start, end) => new Uint8Array(await Promise.race([file.slice(start, end).arrayBuffer(), isLate])),
    });
    const { container, durationS, audioTracks, videoTracks } = facts;
    // How long media may be, and whether it may be silent, is the stage's business, which the page does not know.
    const verdict = judge(facts, { requireAudio: true });
    return { media: { container, durationSeconds: durationS, audioTracks, videoTracks }, verdict };
  } catch {
    return { media: {} };
  }
};
