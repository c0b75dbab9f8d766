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

interface LookOptions {
  /** False: judges by the name alone. */
  readonly look: boolean;
  /** Whether the file is sent in any case. */
  readonly force: boolean;
  /** Tells what is in the file, if that is known, and what may be wrong with it. */
  readonly note: (text: string) => void;
}

/**
 * Judges a file before it is sent: by its name, and by a look into it, by the same rules as the proxy once it has arrived.
 * A file with the name of media is sent in doubt, since the proxy's verdict is the one that counts; one with any other name
 * only if the look finds media.
 *
 * @throws {ProxyError} NOT_MEDIA, MEDIA_INCOMPLETE; never if it is sent in any case
 */
export const judgeFile = async (source: FileSource, { look, force, note }: LookOptions): Promise<void> => {
  const holdBack = (errorType: string, comment: string) => {
    if (!force) throw new ProxyError({ source: "client", errorType, comment });
    note(`${comment} It is sent all the same.`);
  };
  const refusal = refusalOfName(source.name);
  if (refusal !== undefined) holdBack("NOT_MEDIA", refusal);
  const isNamed = refusal !== undefined || source.type !== undefined;
  if (!look) {
    if (!isNamed) holdBack("NOT_MEDIA", `The name ${source.name} is not one of media that is known.`);
    return;
  }
  // Only uploads need it, so other commands start without it.
  const { judge, lookAt } = await import("../lib/media/preflight/preflight.ts");
  const facts = await lookAt({ sizeBytes: source.size, read: source.read });
  const { container, durationS, audioTracks } = facts;
  const words = describeMedia({ container, durationSeconds: durationS, audioTracks });
  if (words !== "") note(words);
  // How long media may be, and whether it may be silent, is the stage's business, which is not known here.
  const verdict = judge(facts, { requireAudio: true });
  if (verdict && HELD_BACK.has(verdict.type)) holdBack(verdict.type, verdict.message);
  else if (verdict) note(`${verdict.message} It is sent all the same.`);
  else if (!isNamed && container === undefined)
    holdBack("NOT_MEDIA", `Neither by its name nor by what is in it is ${source.name} media that is known.`);
};
