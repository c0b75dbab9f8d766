import { basename } from "node:path";
import { describeMedia, ProxyError } from "../client/index.ts";
import { kindOfName } from "../lib/media/names.ts";
import type { FileSource } from "./file-source.ts";

/** Findings for which a file is not sent, unless the person insists. */
export const HELD_BACK: ReadonlySet<string> = new Set(["NOT_MEDIA", "MEDIA_INCOMPLETE"]);

/** Why a file is no media by its name, in a sentence; undefined if it may be. */
export const refusalOfName = (path: string): string | undefined => {
  const name = basename(path);
  switch (kindOfName(name)) {
    case "media":
      return undefined;
    case "sidecar":
      return `By its name, ${name} only goes with media, as subtitles and pictures do.`;
    case "ignored":
      return `By its name, ${name} is a program's own file, or one that is not finished.`;
  }
};

/**
 * Looks into a file before it is sent, by the same rules as the proxy once it has arrived. In doubt it is sent: the proxy's
 * verdict is the one that counts.
 *
 * @param note tells what is in the file, if that is known, and what may be wrong with it
 * @throws {ProxyError} NOT_MEDIA, MEDIA_INCOMPLETE
 */
export const lookInto = async (source: FileSource, note: (text: string) => void): Promise<void> => {
  const refusal = refusalOfName(source.name);
  if (refusal !== undefined) throw notSent("NOT_MEDIA", refusal);
  // Only uploads need it, so other commands start without it.
  const { judge, lookAt } = await import("../lib/media/preflight/preflight.ts");
  const facts = await lookAt({ sizeBytes: source.size, read: source.slice });
  const { container, durationS, audioTracks } = facts;
  const words = describeMedia({ container, durationSeconds: durationS, audioTracks });
  if (words !== "") note(words);
  // How long media may be, and whether it may be silent, is the stage's business, which is not known here.
  const verdict = judge(facts, { requireAudio: true });
  if (!verdict) return;
  if (HELD_BACK.has(verdict.type)) throw notSent(verdict.type, verdict.message);
  note(`${verdict.message} It is sent all the same.`);
};

const notSent = (errorType: string, comment: string): ProxyError =>
  new ProxyError({ source: "client", errorType, comment });
